"""The last resort against a hang: name resolution and file systems know no deadline of ours.

It also sees to it that a check which is ended by a signal leaves with a line and a state.
"""

from __future__ import annotations

# Bare modules: threading and signal take longer to import than all that this one does.
import _signal  # type: ignore[import-not-found]  # signal without its enums
import _thread
import os
import select
import time

from nagios_checks.shared_options import Timeout

GRACE = 0.5  # seconds past the timeout, in which the check itself may still report
ENDED_BY = {
    int(getattr(_signal, name)): name for name in ("SIGALRM", "SIGHUP", "SIGINT", "SIGTERM")
}
UNKNOWN = 3  # the exit code of a check that was ended

_STARTED = 19  # field of /proc/self/stat behind the command's name: ticks since boot (proc(5))
_printer = _thread.allocate_lock()


def started() -> float:
    """When this process started, on the monotonic clock: a slow start is part of the timeout."""
    now = time.monotonic()
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123  # pathlib takes 6 ms to import
            ticks = int(file.read().rpartition(b")")[2].split()[_STARTED])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):  # no procfs, no Linux
        return now
    return now - max(0.0, age)


def watch(name: str, timeout: Timeout, begun: float) -> None:
    """End the process with the timeout's state when it has not ended by itself.

    A thread, since a signal's handler would wait for the call that hangs; and a timer with such a
    handler, since on a busy machine a thread waits long for its turn beside one that computes.

    Args:
        name: the check's, as it starts the first line.
        timeout: how long it may take, and the state that it has then.
        begun: since when, on the monotonic clock.
    """
    late = f"{str(timeout.state).upper()} - no result within {timeout.seconds:g} s"
    ends = begun + timeout.seconds + GRACE
    heard, told = os.pipe()
    os.set_blocking(told, False)
    _signal.set_wakeup_fd(told)
    code = timeout.state.code

    def act(number: int, _: object) -> None:
        if number == _signal.SIGALRM and time.monotonic() >= ends:
            _end(name, late, code)
        if not threaded:  # otherwise the byte in the pipe is what counts
            _end(name, _ended_by(number), UNKNOWN)

    threaded = True
    for number in ENDED_BY:
        _signal.signal(number, act)
    try:
        _thread.start_new_thread(_expire, (name, late, code, ends, heard))
    except RuntimeError:
        threaded = False
    _signal.setitimer(_signal.ITIMER_REAL, max(0.001, ends - time.monotonic()))


def claim() -> bool:
    """Take the right to print, once: true for the first who asks."""
    return _printer.acquire(blocking=False)


def _expire(name: str, late: str, code: int, ends: float, heard: int) -> None:
    select.select([heard], [], [], max(0.0, ends - time.monotonic()))
    if time.monotonic() < ends:
        _end(name, _ended_by(os.read(heard, 1)[0]), UNKNOWN)
    _end(name, late, code)


def _ended_by(number: int) -> str:
    return f"UNKNOWN - ended by {ENDED_BY.get(number, number)} before there was a result"


def _end(name: str, text: str, code: int) -> None:
    if claim():
        os.write(1, f"{name.upper()} {text}\n".encode())
    else:  # the check itself is about to print and end the process
        time.sleep(GRACE)
    os._exit(code)
