"""Many services judged from one look, and submitted in what time is left."""

from __future__ import annotations

import os
import select
import stat
import time
from pathlib import Path

import pytest

from gearmang.protocol import Peer
from nagios_checks import all as all_checks
from nagios_checks import nrdp, passive, queues, roundtrip
from nagios_checks.arguments import BadOption
from nagios_checks.config import BadConfig, from_document, services
from nagios_checks.findings import Report
from nagios_checks.passive import NotDelivered, Result
from nagios_checks.readings import Readings
from nagios_checks.shared_options import Chosen
from tests.unit.nagios_checks.given import Given, judged, late, snapshot

FILE = """
[defaults]
nagios_host = "h"
hostname = ["gm1"]

[[service]]
description = "Queue"
check = "queues"
critical = 2

[[service]]
description = "Server"
check = "server"
quiet-log = "OK"
verbose = 2
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "checks.toml"
    path.write_text(FILE)
    return path


def test_what_is_wrong_is_told_with_its_service(config: Path) -> None:
    given = Given(snapshot(("f", 5, 0, 1), peers=(Peer(7, "h", "-", ()),)))
    report = judged(all_checks, given, "--config", str(config))
    assert [(str(one.state), one.text) for one in report.findings] == [
        ("critical", "Queue: f has 5 waiting (limit 2) on gm1:4730"),
        ("ok", "Server: gearmand 1.1.20 on gm1:4730 answered in 1ms"),
    ]
    assert report.fine == "2 services, all OK"


def test_servers_are_asked_once_before_for_all_that_any_check_wants(config: Path) -> None:
    given = Given(snapshot())
    judged(all_checks, given, "--config", str(config))
    assert given.asked[0] == {"workers": True, "verbosity": True}


def test_results_are_submitted_and_that_is_ok(config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    given = Given(snapshot(("f", 5, 0, 1), peers=(Peer(7, "h", "-", ()),)))
    report = judged(all_checks, given, "--config", str(config), "--passive", str(folder))
    assert report.fine == "2 services, 1 not OK, submitted"
    done, ready = sorted(folder.iterdir())
    assert ready.name == f"{done.name}.ok"
    assert stat.S_IMODE(done.stat().st_mode) == 0o640
    assert "service_description=Queue\n" in done.read_text()


def test_a_server_that_takes_all_the_time_leaves_some_to_submit(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Given(late("gm1"), seconds=100.0)
    judged_until: list[float] = []
    submitted_with: list[float] = []

    def conclude_all(_: object, readings: Readings) -> list[Result]:
        judged_until.append(readings.deadline)
        return []

    def deliver(*_: object, timeout: float) -> None:
        submitted_with.append(timeout)

    monkeypatch.setattr(all_checks, "conclude_all", conclude_all)
    monkeypatch.setattr(nrdp, "deliver", deliver)
    options = ("--nrdp", "http://h/", "--token-file", "t", "--config", str(config))
    judged(all_checks, given, *options)
    assert given.deadline - judged_until[0] > 20, "a good part of the timeout is left"
    assert submitted_with[0] > given.deadline - time.monotonic() - 1
    judged(all_checks, given, "--config", str(config))
    assert judged_until[1] == given.deadline, "nothing is kept back where nothing is submitted"


def test_round_trips_share_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    trips = [
        {"nagios_host": "h", "description": f"{number}", "check": "roundtrip", "hostname": "gm1"}
        for number in range(4)
    ]
    found = from_document({"service": [*trips[:2], {**trips[2], "check": "queues"}, trips[3]]})
    left: list[tuple[str, float]] = []

    def took_all(name: str) -> object:
        def judge(_: Chosen, readings: Readings) -> Report:
            left.append((name, readings.deadline - time.monotonic()))
            return Report([], "")

        return judge

    monkeypatch.setattr(roundtrip, "judge", took_all("roundtrip"))
    monkeypatch.setattr(queues, "judge", took_all("queues"))
    results = all_checks.conclude_all(found, Given(snapshot(), seconds=30.0))
    assert [result.service for result in results] == ["0", "1", "2", "3"]
    assert [name for name, _ in left] == ["queues", "roundtrip", "roundtrip", "roundtrip"]
    assert left[1][1] == pytest.approx(10, abs=2)
    assert left[3][1] == pytest.approx(30, abs=2), "the last has what the others left"


def test_nrdp_wants_a_file_with_its_token(config: Path) -> None:
    with pytest.raises(BadOption, match="--token-file"):
        judged(all_checks, Given(), "--config", str(config), "--nrdp", "http://h/")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({}, "it holds no"),
        ({"service": []}, "it holds no"),
        ({"service": [3]}, "it is no table"),
        ({"servce": []}, "unknown 'servce'"),
        ({"service": [{"check": "queues"}]}, "it needs nagios_host"),
        ({"check": "x"}, "check is 'x'"),
        ({"description": "a;b"}, "no semicolon"),
        ({"speed": 1}, "no option 'speed'"),
        ({"timeout": 1}, "no option 'timeout'"),
        ({"warning": "x"}, "'x'"),
        ({"verbose": "much"}, "write true, false or a number"),
        ({"limit": [1, 2]}, "takes one value"),
        ({"warning": [True]}, "write a text or a number"),
    ],
)
def test_a_document_that_cannot_be_used_says_where(document: dict[str, object], says: str) -> None:
    if document and not document.keys() & {"service", "servce"}:
        whole = {"nagios_host": "h", "description": "d", "check": "queues", **document}
        document = {"service": [whole]}
    with pytest.raises(BadConfig, match=says):
        from_document(document)


def test_two_services_of_one_name_are_refused() -> None:
    one = {"nagios_host": "h", "description": "d", "check": "queues"}
    with pytest.raises(BadConfig, match="there are two"):
        from_document({"service": [one, one]})


def test_a_default_that_a_check_has_no_use_for_is_passed_over() -> None:
    one = {"nagios_host": "h", "description": "d", "check": "queues"}
    (service,) = from_document({"defaults": {"busy": "80,90", "limit": 5}, "service": [one]})
    assert service.chosen.limit == 5


def test_a_file_that_cannot_be_read_says_which(tmp_path: Path) -> None:
    path = tmp_path / "checks.toml"
    with pytest.raises(BadConfig, match=r"checks\.toml cannot be read"):
        services(str(path))
    path.write_text("[[service")
    with pytest.raises(BadConfig, match="is no TOML"):
        services(str(path))
    path.write_bytes(b"\xff")
    with pytest.raises(BadConfig, match="is no TOML"):
        services(str(path))
    path.write_text("service = 3")
    with pytest.raises(BadConfig, match=r"checks\.toml: it holds no"):
        services(str(path))


def test_a_pipe_that_nobody_reads_is_told(tmp_path: Path) -> None:
    pipe = tmp_path / "nagios.cmd"
    os.mkfifo(pipe)
    result = [Result("h", f"s{number}", 0, "X OK - fine\n") for number in range(5)]
    with pytest.raises(NotDelivered, match=r"s0 of h, .* and 2 more: nobody reads it"):
        passive.deliver(str(pipe), result, now=1, deadline=time.monotonic() + 1)
    plain = tmp_path / "plain"
    plain.touch()
    with pytest.raises(NotDelivered, match="neither a pipe nor a folder"):
        passive.deliver(str(plain), result, now=1, deadline=time.monotonic() + 1)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    passive.deliver(str(pipe), result[:1], now=1, deadline=time.monotonic() + 1)
    assert os.read(reader, 999) == b"[1] PROCESS_SERVICE_CHECK_RESULT;h;s0;0;X OK - fine\n"
    filler = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    while select.select([], [filler], [], 0)[1]:
        os.write(filler, b"x" * 4096)
    with pytest.raises(NotDelivered, match="did not read it in time"):
        passive.deliver(str(pipe), result, now=1, deadline=time.monotonic() + 0.05)
    os.close(filler)
    os.close(reader)


def test_results_that_find_no_room_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(passive, "open", no_room, raising=False)
    with pytest.raises(NotDelivered, match="No space left"):
        passive.deliver(str(tmp_path), [Result("h", "s", 0, "x")], now=1, deadline=0)
    assert list(tmp_path.iterdir()) == []
