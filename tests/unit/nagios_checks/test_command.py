"""What a command does with its options, and with what goes wrong."""

from __future__ import annotations

import io
import sys
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import pytest

from gearmang.errors import GearmangError
from nagios_checks import command, nrdp, queues
from nagios_checks.arguments import BadOption
from nagios_checks.findings import Report
from nagios_checks.passive import NotDelivered, Result
from nagios_checks.rendering import Outcome

CHECKS = (
    "all",
    "dead_letters",
    "flow",
    "queues",
    "roundtrip",
    "server",
    "tasks",
    "uptime",
    "workers",
)


@pytest.fixture(autouse=True)
def _no_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "watch", lambda *_: None)


@pytest.mark.parametrize("name", CHECKS)
def test_help_fits_a_terminal_and_ends_in_an_example(name: str) -> None:
    outcome = command.conclude(f"gearmang_{name}", command.load(name), ["-h"], time.monotonic())
    assert outcome.code == 3
    lines = outcome.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith(f"Example: check_gearmang_{name} ") for line in lines)


def test_the_version_is_that_of_the_suite() -> None:
    outcome = command.conclude("gearmang_queues", queues, ["-V"], time.monotonic())
    assert outcome.output == f"check_gearmang_queues {version('gearmang')}\n"


def test_a_check_is_run_with_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "judge", lambda *_: Report([], "fine"))
    outcome = command.conclude("gearmang_queues", queues, ["-vv"], time.monotonic())
    assert outcome == (3, "GEARMANG_QUEUES UNKNOWN - nothing was judged\n")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (BadOption("'-Z' is no option", "check_x [-h]"), "'-Z' is no option, usage: check_x [-h]"),
        (BadOption("--nrdp needs a file"), "--nrdp needs a file"),
        (GearmangError("gm1 is lost"), "gm1 is lost"),
        (MemoryError(), "there is not enough memory, raise the limit, or look at less"),
        (ValueError("odd"), "ValueError: odd, this is a bug of gearmang"),
    ],
)
def test_whatever_goes_wrong_is_one_line_and_unknown(error: Exception, says: str) -> None:
    def work() -> Outcome:
        raise error

    assert command.attempted("gearmang_x", work) == (3, f"GEARMANG_X UNKNOWN - {says}\n")


def test_the_command_ends_with_the_code_of_its_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    slept: list[float] = []
    monkeypatch.setattr(command.os, "_exit", codes.append)  # type: ignore[attr-defined]  # os
    monkeypatch.setattr(command.time, "sleep", slept.append)  # type: ignore[attr-defined]  # time
    monkeypatch.setattr(sys, "argv", ["check_gearmang_queues", "-Z"])
    written = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.setattr(command, "claim", lambda: True)
    command.run("queues")
    monkeypatch.setattr(command, "claim", lambda: False)
    command.run("queues")
    assert codes == [3, 3]
    assert slept == [command.GRACE], "it leaves the word to the watchdog, which has it"
    assert b"'-Z' is no option" in written.buffer.getvalue()


def test_an_outcome_that_nobody_can_read_is_no_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert not command._written("X OK\n")

    class Full(io.RawIOBase):
        """A disk without room, or a pipe that nobody reads any more."""

        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    class Stream:
        buffer = Full()

    monkeypatch.setattr(sys, "stdout", Stream())
    assert not command._written("X OK\n")


RESULTS = [Result("h", "s", 2, "X CRITICAL - bad\n")]


def submit(url: str, token: Path) -> None:
    nrdp.deliver(url, str(token), RESULTS, timeout=1)


def test_nrdp_is_told_apart_from_what_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    with pytest.raises(NotDelivered, match="is no address"):
        submit("ftp://h/", token)
    with pytest.raises(NotDelivered, match=r"the token file .* cannot be read"):
        submit("http://h/", token)
    token.write_text("s3cret\n")
    replies = [b'{"status": "0"}', b'{"status": "-1", "message": "BAD TOKEN"}']
    sent: list[urllib.request.Request] = []

    def urlopen(request: urllib.request.Request, **_: object) -> io.BytesIO:
        sent.append(request)
        return io.BytesIO(replies.pop(0))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    submit("http://h/", token)
    assert b"s3cret" in bytes(sent[0].data)  # type: ignore[arg-type]  # bytes they are
    with pytest.raises(NotDelivered, match="did not take 1 results, s of h the first: BAD TOKEN"):
        submit("http://h/", token)

    def down(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", down)
    with pytest.raises(NotDelivered, match="no route"):
        submit("http://u:secret@h/", token)


@pytest.mark.parametrize(
    "words",
    [["-t"], ["word"], ["-t", "0"], ["-t", "9:FINE"], ["-v=1"], ["--no-perfdata=1"], ["-p", "0"],
     ["--limit", "x"], ["--labels", "odd"], ["--max-bytes", "9"], ["-H", "a b", "--nonsense"]],
)  # fmt: skip
def test_an_option_that_cannot_be_read_is_refused_with_the_usage(words: list[str]) -> None:
    with pytest.raises(BadOption) as refused:
        queues.options("check_x").read(words)
    assert refused.value.usage.startswith("check_x [-h]")


def test_options_are_read_in_every_form() -> None:
    read = queues.options("check_x").read
    chosen = read(["-vv", "-H", "gm1", "--hostname=gm2", "-p4731", "-t", "500ms:OK"])
    assert (chosen.verbose, chosen.hostname, chosen.port) == (2, ("gm1", "gm2"), 4731)
    assert (chosen.timeout.seconds, str(chosen.timeout.state)) == (0.5, "ok")
    assert read(["-w", "-5:5"]).warning.start == -5
    assert read(["--max-bytes", "1000", "--labels", "stable"]).max_bytes == 1000
