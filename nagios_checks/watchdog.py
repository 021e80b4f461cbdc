"""The last resort against a hang: name resolution and file systems know no deadline of ours."""

from __future__ import annotations

import _thread
import os
import time

from nagios_checks.arguments import Timeout

GRACE = 0.5  # seconds past the timeout, in which the check itself may still report

_printer = _thread.allocate_lock()


def watch(name: str, timeout: Timeout) -> None:
    """End the process with the timeout's state when it has not ended by itself.

    A thread, since a signal's handler would wait for the call that hangs; a bare one, since
    importing threading takes longer than all that this one does.
    """
    _thread.start_new_thread(_expire, (name, timeout))


def claim() -> bool:
    """Take the right to print, once: true for the first who asks."""
    return _printer.acquire(blocking=False)


def _expire(name: str, timeout: Timeout) -> None:
    time.sleep(timeout.seconds + GRACE)
    if claim():
        text = f"{str(timeout.state).upper()} - no result within {timeout.seconds:g} s"
        os.write(1, f"{name.upper()} {text}\n".encode())
    os._exit(timeout.state.code)
