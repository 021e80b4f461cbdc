"""What the checks of dead letters and of task records find, and why a file cannot be read."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest
from nagiosplugin.state import Critical

from gearmang.dead_letters.store import tally as store_tally
from gearmang.dead_letters.store.tally import Tally
from gearmang.protocol import TimedOut
from gearmang.protocol.server import Server
from gearmang.watch.poll import Target
from nagios_checks import dead_letters, permission, processes, readings, tasks
from nagios_checks.arguments import BadOption
from nagios_checks.findings import Finding
from nagios_checks.readings import Answer, Readings
from nagios_checks.shared_options import Timeout
from nagios_checks.task_records import TaskFigures
from tests.unit.nagios_checks.given import NOW, Given, judged, late, states

TALLY = Tally({"f": 9, "g": 1}, {"f": 4, "h": 2}, {"aa11": "f", "bb22": "g"})


def test_dead_letters_are_judged_together_and_by_function() -> None:
    report = judged(dead_letters, Given(tally=TALLY))
    assert states(report)[:2] == [
        ("warning", "6 dead letters arrived within 1h (limit 0): 4 f, 2 h"),
        ("ok", "10 dead letters kept"),
    ]
    assert report.fine == (
        "6 dead letters arrived within 1h (limit 0): 4 f, 2 h, and 10 dead letters kept"
    )
    assert [found.text for found in report.findings[2:]] == [
        "f has 4 dead letters from the last 1h",
        "g has 0 dead letters from the last 1h",
        "h has 2 dead letters from the last 1h",
    ]


def test_a_function_with_limits_of_its_own_is_not_in_the_sum() -> None:
    options = ("-c", "5", "--total", "5,8", "--function", "f=1,3", "--function", "*")
    report = judged(dead_letters, Given(tally=TALLY), *options)
    assert states(report)[:3] == [
        ("ok", "2 dead letters arrived within 1h"),
        ("critical", "10 dead letters kept (limit 8): 9 f, 1 g"),
        ("critical", "f has 4 dead letters from the last 1h (limit 3)"),
    ]


def test_kinds_that_were_never_seen_have_the_state_that_was_chosen() -> None:
    report = judged(dead_letters, Given(tally=TALLY), "-c", "99", "--new", "WARNING")
    assert ("warning", "never seen before: aa11 of f, bb22 of g") in states(report)
    many = TALLY._replace(new_fingerprints={str(number): "f" for number in range(5)})
    report = judged(dead_letters, Given(tally=many), "-c", "99", "--new", "WARNING")
    assert ("warning", "never seen before: 0 of f, 1 of f, 2 of f and 2 more") in states(report)


def test_a_store_that_cannot_be_read_is_the_only_finding() -> None:
    assert states(judged(dead_letters, Given(tally=Finding(Critical, "no store")))) == [
        ("critical", "no store")
    ]


def figure(*, failed: float = 0, weight: float = 10, last: float = NOW - 60) -> TaskFigures:
    return TaskFigures(weight, failed, last, [1.0] * 10)


def test_tasks_are_judged_by_failures_duration_and_silence() -> None:
    given = Given(records={"f": figure(failed=1), "g": figure(failed=5, last=NOW - 600)})
    report = judged(tasks, given, "--records", "r", "--p95", "500ms,", "--silence", ",5m")
    assert states(report) == [
        (
            "warning",
            "f failed in 10% (1 of 10 attempts) (limit 5%), p95 is 1s (limit 500ms), silent for 1m",
        ),
        (
            "critical",
            "g failed in 50% (5 of 10 attempts) (limit 25%), p95 is 1s (limit 500ms), "
            "silent for 10m (limit 5m)",
        ),
    ]
    assert report.fine == "20 attempts of 2 functions within 1h"


def test_what_is_expected_and_has_no_record_is_critical() -> None:
    given = Given(records={"f": figure(), "g": figure(failed=10)})
    report = judged(tasks, given, "--records", "r", "--expect", "f", "--expect", "h")
    assert [state for state, _ in states(report)] == ["ok", "critical"]
    assert states(report)[1][1] == "h was not recorded within 1h"


def test_no_records_at_all_are_unknown() -> None:
    report = judged(tasks, Given(records={}), "--records", "r")
    assert states(report) == [("unknown", "no task was recorded within 1h")]


def test_records_have_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEARMANG_RECORDS", raising=False)
    with pytest.raises(BadOption, match="--records"):
        judged(tasks, Given())
    unreadable = Finding(Critical, "no records")
    assert states(judged(tasks, Given(records=unreadable), "--records", "r")) == [
        ("critical", "no records")
    ]


def real(seconds: float = 10.0) -> Readings:
    return Readings(Timeout(seconds, Critical), time.monotonic())


def test_a_source_is_read_once_however_many_checks_want_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Target]] = []

    def poll(targets: list[Target], **_: object) -> list[Answer]:
        asked.append(targets)
        return [late(target.server.host) for target in targets]

    monkeypatch.setattr(readings, "poll", poll)
    found = real()
    one, other = (Target(Server(host)) for host in ("gm1", "gm2"))
    first = found.poll([one])
    assert found.poll([one, other])[0] is first[0]
    assert asked == [[one], [other]]
    missing = found.tally(str(tmp_path / "no.db"), 60)
    assert missing is found.tally(str(tmp_path / "no.db"), 60)
    assert isinstance(missing, Finding)
    assert "there is no store at" in missing.text
    nowhere = found.records(str(tmp_path / "no"), 60)
    assert nowhere is found.records(str(tmp_path / "no"), 60)


def test_an_earlier_deadline_is_kept_and_a_later_one_is_not() -> None:
    found = real(10.0)
    assert found.until(found.deadline - 5).deadline == found.deadline - 5
    assert found.until(found.deadline + 5).deadline == found.deadline
    assert real(-5).seconds_left > 0


def test_a_server_that_took_too_long_has_the_state_of_the_timeout() -> None:
    found = real().failure(TimedOut(Server("gm1"), "is late"))
    assert (found.state, found.read) == (Critical, False)


def test_a_store_that_may_not_be_read_is_told_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "letters.db"
    sqlite3.connect(path).close()

    def denied(*_: object, **__: object) -> Tally:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(store_tally, "tally", denied)
    monkeypatch.setattr(permission, "refused", lambda _: "X may not be read by user nagios: mend")
    found = real().tally(str(path), 60)
    assert isinstance(found, Finding)
    assert found.text == "the store X may not be read by user nagios: mend"


@pytest.mark.parametrize(
    ("mode", "group", "mend"),
    [
        (0o750, True, "add it to the group"),
        (0o700, True, "open the folder"),
        (0o750, False, "open the folder"),
    ],
)
def test_the_mend_is_the_group_that_may_or_an_opened_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, group: bool, mend: str
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    file = closed / "letters.db"
    file.touch()
    real_stat = Path.stat
    stat = os.stat_result((0o040000 | mode, 1, 1, 1, 0, 54321 if group else 0, 0, 0, 0, 0))
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != closed)
    monkeypatch.setattr(Path, "stat", lambda path, **_: stat if path == closed else real_stat(path))
    said = permission.refused(str(file))
    assert said is not None
    assert said.startswith(f"{file} may not be read by user ")
    assert mend in said


def test_what_is_open_or_nowhere_is_not_refused(tmp_path: Path) -> None:
    assert permission.refused(str(tmp_path)) is None
    assert permission.refused(str(tmp_path / "nowhere" / "x")) is None


def test_without_procfs_processes_cannot_be_read(tmp_path: Path) -> None:
    import re

    with pytest.raises(processes.NoProcesses):
        processes.workers(re.compile("x"), tmp_path / "no")
    for pid, words, started in (
        (4, b"gearmang\0work", b"100"),
        (5, b"", b"1"),
        (6, b"other", b"1"),
    ):
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "cmdline").write_bytes(words)
        fields = [b"S", b"1", *[b"0"] * 17, started]
        (folder / "stat").write_bytes(b"%d (a) b) " % pid + b" ".join(fields))
    (tmp_path / "7").mkdir()  # it has ended
    (tmp_path / "uptime").write_text("100.0 1.0")
    (found,) = processes.workers(re.compile("gearmang work"), tmp_path)
    assert found.who == "pid 4"
    assert found.age == pytest.approx(100 - 100 / os.sysconf("SC_CLK_TCK"))
