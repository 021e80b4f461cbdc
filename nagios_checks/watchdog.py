"""The last resort against a hang: name resolution and file systems know no deadline of ours."""

import os
import threading

from nagios_checks.options import Timeout

GRACE = 0.5  # seconds past the timeout, in which the check itself may still report


def watch(name: str, timeout: Timeout) -> None:
    """End the process with the timeout's state when it has not ended by itself.

    A thread, since a signal's handler would wait for the call that hangs.
    """
    timer = threading.Timer(timeout.seconds + GRACE, _expire, (name, timeout))
    timer.daemon = True
    timer.start()


def claim() -> bool:
    """Take the right to print, once: true for the first who asks."""
    return _printer.acquire(blocking=False)


def _expire(name: str, timeout: Timeout) -> None:
    if claim():
        text = f"{str(timeout.state).upper()} - no result within {timeout.seconds:g} s"
        os.write(1, f"{name.upper()} {text}\n".encode())
    os._exit(timeout.state.code)


_printer = threading.Lock()
