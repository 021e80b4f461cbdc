"""What an exception says of the block that it ended."""

import traceback

from log_shipping.encoding import Document
from log_shipping.values import text_of

UNKNOWN = ("KeyboardInterrupt", "GeneratorExit", "CancelledError")  # asyncio is not imported for it
FRAMES = 40  # innermost calls that error_stack keeps


class Terminated(BaseException):
    """What ends a block that is open when SIGTERM comes."""


def ending(error: BaseException) -> Document:
    """The fields that tell it: outcome, level, error_type, error_message, error_stack.

    ``sys.exit(0)`` is a success. After KeyboardInterrupt, SIGTERM, a cancelled asyncio task or a
    generator closed early the outcome is ``unknown``: the block neither did its work nor failed.
    """
    if isinstance(error, SystemExit):
        if error.code in (None, 0):
            return {}
        told = _told("failure", error)
        return told | {"error_message": text_of(error.code)}
    if isinstance(error, Terminated):
        return _told("unknown", error) | {"error_type": "SIGTERM"}
    if type(error).__name__ in UNKNOWN:
        return _told("unknown", error)
    return _told("failure", error) | {"error_stack": _stack(error)}


def _told(outcome: str, error: BaseException) -> Document:
    return {
        "level": "ERROR" if outcome == "failure" else "WARNING",
        "outcome": outcome,
        "error_type": type(error).__name__,
        "error_message": text_of(error),
    }


def _stack(error: BaseException) -> str:
    try:
        # A negative limit keeps the innermost calls, where the error arose.
        return "".join(traceback.format_exception(error, limit=-FRAMES))
    except Exception as second:
        return f"<no stack: {type(second).__name__}>"
