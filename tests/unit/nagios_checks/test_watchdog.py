"""The end of a check that hangs or is ended; what is sent to the system is looked at here."""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nagiosplugin.state import Critical

from nagios_checks import watchdog
from nagios_checks.shared_options import Timeout

TIMEOUT = Timeout(2.0, Critical)


class Ended(BaseException):
    """Instead of the end of the process."""


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What was written, and the exit code; the right to print is free."""
    found: list[object] = []

    def end(code: int) -> None:
        found.append(code)
        raise Ended

    monkeypatch.setattr(os, "write", lambda _, data: found.append(data))
    monkeypatch.setattr(os, "_exit", end)
    if watchdog._printer.locked():
        watchdog._printer.release()
    yield found
    if watchdog._printer.locked():
        watchdog._printer.release()


def test_a_slow_start_is_part_of_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    a_minute_on = ticks / os.sysconf("SC_CLK_TCK") + 60
    monkeypatch.setattr(time, "clock_gettime", lambda _: a_minute_on)
    assert time.monotonic() - watchdog.started() == pytest.approx(60, abs=5)


def test_where_the_start_is_not_told_the_timeout_runs_from_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(watchdog, "open", missing, raising=False)
    assert watchdog.started() == pytest.approx(time.monotonic(), abs=0.5)


def test_a_check_that_is_late_ends_with_the_state_of_the_timeout(written: list[object]) -> None:
    heard, told = os.pipe()
    with pytest.raises(Ended):
        watchdog._expire("gearmang_x", "CRITICAL - late", 2, time.monotonic() - 1, heard)
    assert written == [b"GEARMANG_X CRITICAL - late\n", 2]
    os.close(heard)
    os.close(told)


@pytest.mark.skipif(not hasattr(os, "writev"), reason="PyPy has no os.writev")
def test_a_signal_ends_a_check_with_its_name(written: list[object]) -> None:
    heard, told = os.pipe()
    os.writev(told, [bytes([15])])
    with pytest.raises(Ended):
        watchdog._expire("gearmang_x", "CRITICAL - late", 2, time.monotonic() + 9, heard)
    assert written == [b"GEARMANG_X UNKNOWN - ended by SIGTERM before there was a result\n", 3]
    os.close(heard)
    os.close(told)


def test_what_is_being_printed_is_not_cut_off(
    written: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    assert watchdog.claim()
    with pytest.raises(Ended):
        watchdog._end("gearmang_x", "CRITICAL - late", 2)
    assert (waited, written) == ([watchdog.GRACE], [2])


def test_without_a_thread_a_timer_does_it(
    written: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers: dict[int, object] = {}
    timers: list[float] = []

    class Signals:
        """What the module asks of the system."""

        SIGALRM, ITIMER_REAL = 14, 0

        @staticmethod
        def signal(number: int, handler: object) -> None:
            handlers[number] = handler

        @staticmethod
        def setitimer(_: int, seconds: float) -> None:
            timers.append(seconds)

        @staticmethod
        def set_wakeup_fd(_: int) -> None:
            """Heard."""

    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(watchdog, "_signal", Signals)
    monkeypatch.setattr(_thread, "start_new_thread", refused)
    watchdog.watch("gearmang_x", TIMEOUT, time.monotonic())
    assert timers[0] == pytest.approx(2.5, abs=0.5)
    act = handlers[15]
    assert callable(act)
    with pytest.raises(Ended):
        act(15, None)
    assert written[-1] == 3
    watchdog._printer.release()
    watchdog.watch("gearmang_x", TIMEOUT, time.monotonic() - 60)
    late = handlers[14]
    assert callable(late)
    with pytest.raises(Ended):
        late(14, None)
    assert written[-2:] == [b"GEARMANG_X CRITICAL - no result within 2 s\n", 2]
