r"""Results handed to Nagios: through its command pipe, or as files in its check-result folder.

In both, a newline of the output is written ``\n`` and a backslash ``\\``.
"""

from __future__ import annotations

import errno
import os
import secrets
import select
import stat
import time
from collections.abc import Sequence
from typing import NamedTuple

from gearmang.errors import GearmangError

# A longer write to a pipe can be torn apart by another writer's (pipe(7), PIPE_BUF).
LONGEST_COMMAND = 4096  # bytes
PASSIVE = 1  # Nagios' check_type
RESULT_MODE = 0o640


class NotDelivered(GearmangError):
    """Results that Nagios did not get; the text says which, where and why."""


class Result(NamedTuple):
    """One result as Nagios wants it: of which service, its exit code, its output."""

    host: str
    service: str
    code: int
    output: str


def deliver(path: str, results: Sequence[Result], *, now: float, deadline: float) -> None:
    """Hand over results.

    Args:
        path: Nagios' command pipe, or its check-result folder.
        results: what was found.
        now: when, in seconds since the epoch.
        deadline: on the monotonic clock.

    Raises:
        NotDelivered: some or all of them could not be handed over.
    """
    if os.path.isdir(path):  # noqa: PTH112  # pathlib takes 6 ms to import
        _write_file(path, results, now)
    else:
        _write_pipe(path, results, now, deadline)


def command(result: Result, now: float) -> bytes:
    """One result as a line for the command pipe, within what a pipe takes undivided.

    Output that is too long loses its long text first, then its perfdata, then its end.
    """
    head = (
        f"[{int(now)}] PROCESS_SERVICE_CHECK_RESULT;{result.host};{result.service};{result.code};"
    )
    start = _bytes(head)
    room = LONGEST_COMMAND - len(start) - len(b"\n")
    first = result.output.partition("\n")[0].partition(" | ")[0]
    perfdata = result.output.rpartition("| ")[2].strip()  # the only bar is the one before it
    for text in (result.output, f"{first} | {perfdata}", first):
        output = _bytes(_escaped(text))
        if len(output) <= room:
            break
    return start + output[:room] + b"\n"


def result_file(result: Result, now: float) -> bytes:
    """One result as a check-result file of Nagios 4 has it; an empty line ends it."""
    lines = (
        "### gearmang ###",
        f"file_time={int(now)}",
        f"host_name={result.host}",
        f"service_description={result.service}",
        f"check_type={PASSIVE}",
        "check_options=0",
        "scheduled_check=0",
        "latency=0.0",
        f"start_time={now:.6f}",
        f"finish_time={now:.6f}",
        "early_timeout=0",
        "exited_ok=1",
        f"return_code={result.code}",
        f"output={_escaped(result.output)}",
    )
    return _bytes("\n".join(lines) + "\n\n")


def _write_pipe(path: str, results: Sequence[Result], now: float, deadline: float) -> None:
    try:
        # No O_CREAT: a regular file in the pipe's place would break Nagios. Without O_NONBLOCK
        # opening it would wait for a Nagios that is down.
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        reason = "nobody reads it; is Nagios running?" if error.errno == errno.ENXIO else ""
        raise NotDelivered(_named(results, path, reason or str(error.strerror))) from None
    try:
        if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
            raise NotDelivered(
                _named(results, path, "it is neither a pipe nor a folder; is Nagios running?")
            )
        for number, result in enumerate(results):
            try:
                _write_line(pipe, command(result, now), deadline)
            except OSError as error:
                reason = error.strerror or str(error)
                raise NotDelivered(_named(results[number:], path, reason)) from None
    finally:
        os.close(pipe)


def _write_line(pipe: int, line: bytes, deadline: float) -> None:
    while True:
        try:
            os.write(pipe, line)  # all of it or nothing, since it is within PIPE_BUF
        except BlockingIOError:
            if not select.select([], [pipe], [], max(0.0, deadline - time.monotonic()))[1]:
                raise TimeoutError(errno.ETIMEDOUT, "Nagios did not read it in time") from None
        else:
            return


def _write_file(folder: str, results: Sequence[Result], now: float) -> None:
    # Nagios takes files whose name is c and six more characters, once there is one with .ok.
    name = os.path.join(folder, f"c{secrets.token_hex(3)}")  # noqa: PTH118  # as above
    written: list[str] = []
    try:
        for path, data in (
            (name, b"".join(result_file(result, now) for result in results)),
            (f"{name}.ok", b""),
        ):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, RESULT_MODE)
            written.append(path)
            with open(descriptor, "wb") as file:  # noqa: PTH123  # it is a descriptor
                file.write(data)
    except OSError as error:
        for path in written:
            os.unlink(path)  # noqa: PTH108  # as above
        reason = error.strerror or str(error)
        raise NotDelivered(_named(results, folder, reason)) from None


def _named(results: Sequence[Result], path: str, reason: str) -> str:
    """Which results did not get where, and why."""
    names = ", ".join(f"{result.service} of {result.host}" for result in results[:3])
    more = f" and {len(results) - 3} more" if len(results) > 3 else ""
    return f"{path} did not take {names}{more}: {reason}"


def _escaped(output: str) -> str:
    return output.rstrip("\n").replace("\\", "\\\\").replace("\n", "\\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
