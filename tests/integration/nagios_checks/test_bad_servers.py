"""Every check of a server against everything that is no healthy gearmand: never OK, never late."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand
from tests.daemons.liars import Liar, Manner, drips, floods, says
from tests.daemons.process import free_port
from tests.daemons.stunnel import Authority, Stunnel
from tests.integration.nagios_checks.plugin import Run, check

CHECKS = ("queues", "flow", "workers", "uptime", "server", "roundtrip")
TIMEOUT = 3.0  # seconds, of each check; a busy machine takes one to load the certificates
GRACE = 1.0  # seconds that a run may take beyond it
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
START = b"OK 123\nOK 1.1.20\nOK 123\n"  # of an answer as gearmand gives it

LIARS: dict[str, Manner] = {
    "closes early": says(b""),
    "HTTP": says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "half a line": says(START + b"resize\t5\t"),
    "half a line, then nothing": says(START + b"resize\t5\t", then_wait=True),
    "ERR": says(b"ERR UNKNOWN_COMMAND Unknown+server+command\r\n"),
    "endless": floods(b"resize\t0\t0\t1\n"),
    "a byte now and then": drips(START, seconds=0.3),
}

# What listens there → what the first line must say, besides the server.
CONDITIONS = {
    "refused": "refused the connection",
    "frozen": "in time",
    "closes early": "closed the connection",
    "HTTP": "HTTP",
    "half a line": "closed the connection",
    "half a line, then nothing": "in time",
    "ERR": "closed the connection",
    "endless": "sent",
    "a byte now and then": "in time",
    "plaintext for TLS": "instead of speaking TLS",
    "unknown certificate": "not trusted",
    "unknown host": "name",
}


class Runs:
    """All runs at once, since many of them wait for their timeout."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        gearmand = stack.enter_context(Gearmand(folder))
        self.frozen = stack.enter_context(Gearmand(folder))
        self.frozen.pause()
        self._options: dict[str, tuple[str, ...]] = {
            "refused": ("-H", f"127.0.0.1:{free_port()}"),
            "frozen": ("-H", self.frozen.address),
            "plaintext for TLS": ("-H", gearmand.address, "--ca", AUTHORITIES),
            "unknown host": ("-H", "no-such-host.invalid"),
        }
        theirs = Authority(folder / "theirs").sign("127.0.0.1")
        endpoint = stack.enter_context(Stunnel(folder, gearmand, theirs))
        unknown = ("-H", f"127.0.0.1:{endpoint.port}", "--ca", AUTHORITIES)
        self._options["unknown certificate"] = unknown
        for name in CHECKS:
            for condition, manner in LIARS.items():
                address = stack.enter_context(Liar(manner)).address
                self._options[name + condition] = ("-H", address)
        with ThreadPoolExecutor(8) as pool:
            self._runs = {
                (name, condition): pool.submit(
                    check, name, *self.options(name, condition), "-t", TIMEOUT
                )
                for condition in CONDITIONS
                for name in CHECKS
            }

    def options(self, name: str, condition: str) -> tuple[str, ...]:
        return self._options.get(condition) or self._options[name + condition]

    def of(self, name: str, condition: str) -> Run:
        return self._runs[name, condition].result()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with ExitStack() as stack:
        yield Runs(stack, tmp_path_factory.mktemp("bad"))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", CHECKS)
def test_a_bad_server_is_critical_with_the_reason_in_time(
    runs: Runs, name: str, condition: str
) -> None:
    run = runs.of(name, condition)
    server = runs.options(name, condition)[1]
    assert run.state == "CRITICAL", run
    assert run.line.startswith(f"GEARMANG_{name.upper()} CRITICAL - {server}"), run
    assert CONDITIONS[condition] in run.line, run
    assert run.perfdata == {}
    assert run.stderr == ""
    assert run.seconds < TIMEOUT + GRACE, run


def test_a_bad_server_hides_nothing_that_another_says(gearmand: Gearmand) -> None:
    gearmand.ask("create function mail")
    run = check("workers", "-H", f"127.0.0.1:{free_port()}", "-H", gearmand.address)
    assert "refused the connection" in run.line
    assert f"mail has no workers (limit at least 1) on {gearmand.address}" in run.line


@pytest.mark.parametrize("name", CHECKS)
def test_the_state_after_the_timeout_can_be_chosen(runs: Runs, name: str) -> None:
    run = check(name, "-H", runs.frozen.address, "-t", "0.3:UNKNOWN")
    assert run.state == "UNKNOWN", run
    assert run.line.startswith(f"GEARMANG_{name.upper()} UNKNOWN - {runs.frozen.address}")


@pytest.mark.parametrize("name", CHECKS)
def test_an_ok_that_was_asked_for_says_that_nothing_was_read(runs: Runs, name: str) -> None:
    run = check(name, "-H", runs.frozen.address, "-t", "0.3:OK")
    assert run.state == "OK", run
    assert run.line.startswith(f"GEARMANG_{name.upper()} OK - {runs.frozen.address}")
    assert run.line.endswith(" in time, before any answer, gearmand hangs?, and nothing was read")
    assert run.perfdata == {}


def test_what_was_read_is_told_beside_what_was_not(runs: Runs, gearmand: Gearmand) -> None:
    gearmand.ask("create function mail")
    run = check("queues", "-H", runs.frozen.address, "-H", gearmand.address, "-t", "1:OK")
    assert run.line.endswith(f"gearmand hangs?, and 1 queue, 0 waiting on {gearmand.address}")
