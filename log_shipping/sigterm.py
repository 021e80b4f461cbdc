"""SIGTERM as an outcome: the records that are open are written before the process ends."""

from __future__ import annotations

import gc
import os
import signal
import threading
from types import FrameType

from log_shipping.ending import Terminated
from log_shipping.handler import report_all_drops
from log_shipping.record import Record


def record_sigterm() -> None:
    """Write open records when SIGTERM comes, and what was dropped, then die of it as before.

    Only where SIGTERM would have killed the process, and only from the main thread: whoever
    handles the signal otherwise decides what becomes of the tasks.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    if os.getpid() == 1:
        return  # the first process of a container does not die of it: its tasks go on
    # Asking the collector costs milliseconds here, and nothing for each record.
    for found in gc.get_objects():
        if type(found) is Record:
            found.done(Terminated("the process was told to end"))
    report_all_drops()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
