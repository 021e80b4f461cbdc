"""What an exception says of the block that it ended."""

from __future__ import annotations

import signal
import traceback
from types import TracebackType

from log_shipping.encoding import Document
from log_shipping.values import text_of

UNKNOWN = ("KeyboardInterrupt", "GeneratorExit", "CancelledError")  # asyncio is not imported for it
FRAMES = 40  # innermost calls that error_stack keeps


class Terminated(BaseException):
    """What ends a block that is open when SIGTERM comes."""


def ending(error: object) -> Document:
    """The fields that tell it: outcome, level, error_type, error_message, error_stack.

    ``sys.exit(0)`` is a success, unless a handler of a signal called it. After that, after
    KeyboardInterrupt, SIGTERM, a cancelled asyncio task or a generator closed early the outcome
    is ``unknown``: the block neither did its work nor failed.

    Args:
        error: an exception; anything else that somebody calls an error is a failure by its text.
    """
    if isinstance(error, SystemExit):
        failed = error.code not in (None, 0)
        number = _signal_of(error.__traceback__)
        if number is None and not failed:
            return {}
        told = _told("failure" if failed else "unknown", error)
        told["error_message"] = text_of(error.code)
        return told if number is None else {**told, "error_type": number.name}
    if isinstance(error, Terminated):
        return {**_told("unknown", error), "error_type": "SIGTERM"}
    if type(error).__name__ in UNKNOWN:
        return _told("unknown", error)
    told = _told("failure", error)
    return {**told, "error_stack": _stack(error)} if isinstance(error, BaseException) else told


def _told(outcome: str, error: object) -> Document:
    return {
        "level": "ERROR" if outcome == "failure" else "WARNING",
        "outcome": outcome,
        "error_type": type(error).__name__,
        "error_message": text_of(error),
    }


def _stack(error: BaseException) -> str:
    try:
        # A negative limit keeps the innermost calls, where the error arose.
        return "".join(
            traceback.format_exception(type(error), error, error.__traceback__, limit=-FRAMES)
        )
    except Exception as second:
        return f"<no stack: {type(second).__name__}>"


def _signal_of(trace: TracebackType | None) -> signal.Signals | None:
    """The signal whose handler the traceback passes through."""
    codes = {}
    for number in signal.Signals:
        handler: object = signal.getsignal(number)
        handler = getattr(handler, "func", handler)  # of a functools.partial
        call = handler if hasattr(handler, "__code__") else getattr(type(handler), "__call__", None)  # noqa: B004  # its code is wanted
        codes[getattr(call, "__code__", None)] = number
    while trace is not None:
        if trace.tb_frame.f_code in codes:
            return codes[trace.tb_frame.f_code]
        trace = trace.tb_next
    return None
