"""What the checks of servers find, on answers that the test gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from gearmang.protocol import Peer
from nagios_checks import queues, roundtrip, server, uptime, workers
from nagios_checks.arguments import BadOption
from nagios_checks.probe import Echo
from nagios_checks.survey import together
from tests.unit.nagios_checks.given import NOW, Given, judged, late, snapshot, states


def peer(fd: int, *functions: str, age: float | None = None) -> Peer:
    client_id = "-" if age is None else f"f@h:{fd}+{int(NOW - age)}"
    return Peer(fd, "10.0.0.1", client_id, functions)


def test_queues_counts_what_waits_on_all_servers() -> None:
    report = judged(
        queues,
        Given(snapshot(("f", 3, 1, 1)), snapshot(("f", 4, 0, 1), host="gm2")),
        *("-H", "gm1", "-H", "gm2"),
    )
    assert report.fine == "2 queues, 6 waiting on gm1:4730, gm2:4730"
    assert [found.server for found in report.findings] == ["gm1:4730", "gm2:4730"]


def test_a_server_that_failed_is_a_finding_beside_the_others() -> None:
    report = judged(
        queues, Given(late("gm1"), snapshot(("f", 3, 1, 1), host="gm2")), "-H", "gm1", "-H", "gm2"
    )
    assert states(report) == [
        ("critical", "gm1:4730 gave no answer in time"),
        ("ok", "f has 2 waiting"),
    ]
    assert report.fine == "1 queue, 2 waiting on gm2:4730"
    assert report.diagnostics[0].startswith("failed: gm1:4730")


def test_queues_of_a_gearmand_without_functions_is_ok() -> None:
    assert states(judged(queues, Given(snapshot()), "-H", "gm1")) == [
        ("ok", "no function is known")
    ]


def test_queues_with_everything_excluded_judged_nothing() -> None:
    given = Given(snapshot(("f", 3, 1, 1)))
    assert judged(queues, given, "-H", "gm1", "--exclude", "*").findings == []


def test_a_function_that_is_not_there_has_the_state_that_was_chosen() -> None:
    given = Given(snapshot(("f", 3, 1, 1)))
    options = ("-H", "gm1", "--function", "g")
    assert states(judged(queues, given, *options)) == [("unknown", "no function matches g")]
    assert states(judged(queues, given, *options, "--missing", "ok"))[0][0] == "ok"


def test_the_metric_is_chosen() -> None:
    given = Given(snapshot(("f", 5, 2, 1)))
    options = ("-H", "gm1", "-c", "1", "--metric")
    assert states(judged(queues, given, *options, "running"))[0][1] == "f has 2 running (limit 1)"
    assert states(judged(queues, given, *options, "total"))[0][1] == "f has 5 jobs (limit 1)"
    with pytest.raises(BadOption, match="is none of"):
        judged(queues, given, *options, "speed")


def test_jobs_without_workers_are_told_beside_another_metric() -> None:
    given = Given(snapshot(("f", 5, 0, 0)))
    assert states(judged(queues, given, "-H", "gm1", "--metric", "total")) == [
        ("critical", "f has 5 jobs, 5 waiting, no workers")
    ]


def test_several_servers_are_one_when_summed() -> None:
    both = [
        snapshot(("f", 3, 1, 1), peers=(peer(7, "f"),)),
        snapshot(("f", 4, 2, 2), ("g", 1, 0, 0), host="gm2", peers=(peer(8, "f"), peer(9))),
    ]
    merged = together(both)
    assert sorted(merged.functions) == [("f", 7, 3, 3), ("g", 1, 0, 0)]
    assert len(merged.connections) == 3
    report = judged(queues, Given(*both), "-H", "gm1", "-H", "gm2", "--sum", "-w", "3")
    assert states(report)[0] == ("warning", "f has 4 waiting (limit 3)")
    assert {found.server for found in report.findings} == {""}


def test_workers_judges_what_is_expected_and_nothing_else() -> None:
    given = Given(snapshot(("f", 0, 0, 1), ("g", 0, 0, 0), peers=(peer(7, "f"),)))
    report = judged(workers, given, "-H", "gm1", "--expect", "f", "--expect", "h")
    assert states(report) == [("critical", "h is unknown"), ("ok", "f has 1 worker")]
    assert report.fine == "1 worker for 2 functions on gm1:4730"


def test_an_expected_name_is_no_glob() -> None:
    given = Given(snapshot(("a*", 0, 0, 1), ("ab", 0, 0, 0), peers=(peer(7, "a*"),)))
    report = judged(workers, given, "-H", "gm1", "--expect", "a*")
    assert states(report) == [("ok", "a* has 1 worker")]


def test_an_idle_function_has_the_state_that_was_chosen() -> None:
    given = Given(snapshot(("f", 0, 0, 0), ("g", 1, 0, 0)))
    assert states(judged(workers, given, "-H", "gm1", "--idle", "ok")) == [
        ("ok", "f has no jobs and no workers"),
        ("critical", "g has no workers (limit at least 1)"),
    ]


def test_a_gearmand_that_knows_no_function_has_no_workers() -> None:
    assert states(judged(workers, Given(snapshot()), "-H", "gm1")) == [
        ("critical", "no workers at all: no function is known")
    ]


def test_uptime_judges_the_oldest_worker_of_each_function() -> None:
    given = Given(snapshot(peers=(peer(7, "f", age=60), peer(8, "f", "g", age=7200), peer(9))))
    report = judged(uptime, given, "-H", "gm1", "-c", "1h", "--exclude", "g")
    assert states(report) == [
        ("critical", "oldest worker of f is 2h old (limit 1h): pid 8 on h"),
    ]
    assert report.fine == "the oldest worker is 2h old on gm1:4730"


def test_uptime_of_workers_without_ids() -> None:
    given = Given(snapshot(peers=(peer(7, "f"),)))
    options = ("-H", "gm1", "--unreadable")
    assert states(judged(uptime, given, *options, "critical"))[0][0] == "critical"
    report = judged(uptime, given, *options, "ok")
    assert states(report)[0][0] == "ok"
    assert report.fine == "no worker whose age could be judged on gm1:4730"


def test_uptime_without_workers_is_unknown_or_what_was_chosen() -> None:
    given = Given(snapshot(("f", 0, 0, 0)))
    assert states(judged(uptime, given, "-H", "gm1")) == [
        ("unknown", "no worker whose age could be judged")
    ]
    options = ("-H", "gm1", "--function", "g", "--missing", "warning")
    assert states(judged(uptime, given, *options))[-1] == ("warning", "no worker matches g")


def test_uptime_by_first_sight_is_kept_from_run_to_run(tmp_path: Path) -> None:
    state = ("-H", "gm1", "--source", "seen", "--state", str(tmp_path / "seen.json"))
    given = Given(snapshot(peers=(peer(7, "f"),)))
    assert judged(uptime, given, *state).fine == "the oldest worker is 0s old on gm1:4730"
    given.now += 7200
    assert states(judged(uptime, given, *state))[0][0] == "critical"
    (tmp_path / "seen.json").write_text("{}")
    assert "remove it to begin anew" in states(judged(uptime, given, *state))[0][1]


def test_uptime_of_processes_wants_a_pattern_that_is_one_and_fits() -> None:
    given = Given()
    with pytest.raises(BadOption, match="is no regular expression"):
        judged(uptime, given, "--source", "processes", "--pattern", "(")
    report = judged(uptime, given, "--source", "processes", "--pattern", "no such command ever")
    assert states(report)[0][0] == "unknown"
    with pytest.raises(BadOption, match="is none of"):
        judged(uptime, given, "--source", "stars")


def test_a_server_is_judged_by_time_connections_version_and_log_level() -> None:
    one = snapshot(peers=(peer(7), peer(8), peer(9)))._replace(
        reply_seconds=2.0, verbosity="ERROR", version="1.1.18"
    )
    options = ("-H", "gm1", "--connections", "1,5", "--version", "1.1.19:")
    report = judged(server, Given(one), *options)
    assert states(report) == [
        ("warning", "answered in 2s (limit 1s)"),
        ("warning", "has 2 connections (limit 1)"),
        ("warning", "is gearmand 1.1.18, not of the versions 1.1.19:"),
        (
            "warning",
            "logs at ERROR, which hides dropped jobs; start gearmand with --verbose NOTICE",
        ),
    ]
    assert report.fine == "gearmand 1.1.18 on gm1:4730 answered in 2s"


@pytest.mark.parametrize("text", ["1.1.19:", ":1.1.21", "1.1.19:1.1.21", "1.1.20"])
def test_a_range_of_versions_is_told_as_it_was_written(text: str) -> None:
    assert str(server.VersionRange.parse(text)) == text


def test_a_version_without_a_range_prints_the_checks_own() -> None:
    parser = server.options("check")
    assert parser.read(["--version"]).V == 1
    assert parser.read(["--version", "-H", "gm1"]).V == 1
    assert parser.read(["--version", "1.1:"]).V == 0
    assert parser.read(["--version=1.1:"]).version == ((1, 1), None)


def test_a_round_trip_goes_to_the_servers_that_have_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []

    def exchange(targets: list[object], function: str, **_: float) -> list[Echo]:
        sent.append(function)
        assert len(targets) == 1
        return [Echo(0.5)]

    monkeypatch.setattr(roundtrip, "exchange", exchange)
    given = Given(snapshot(("gearmang_echo", 0, 0, 1)), snapshot(host="gm2"))
    report = judged(roundtrip, given, "-H", "gm1", "-H", "gm2")
    assert states(report) == [
        ("ok", "gearmang_echo echoed in 500ms"),
        ("critical", "no worker serves gearmang_echo, nothing was sent"),
    ]
    assert sent == ["gearmang_echo"]


def test_an_echo_that_did_not_come_back_was_not_read() -> None:
    found = roundtrip.judge_echo(
        "echo", Echo(None, "did not come back", timed_out=True), roundtrip.DEFAULT, late_state()
    )
    assert not found.read


def late_state() -> object:
    from nagiosplugin.state import Ok

    return Ok
