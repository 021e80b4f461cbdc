"""Writes the dossier of a failed attempt: from an exception, or from the way a process died."""

from __future__ import annotations

import os
import re
import signal
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple

LONGEST_TRACEBACK: Final = 16 * 1024  # characters; the innermost calls are kept
LONGEST_MESSAGE: Final = 2000  # characters
MOST_FRAMES: Final = 40  # innermost

_OWN_CODE: Final = str(Path(__file__).parent) + os.sep
_LIBRARIES: Final = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(Path(os.__file__).parent) + os.sep, "/usr/lib/python3/dist-packages/"}
)
_CALLERS: Final = {"_perform", "Executor._perform"}  # faulthandler knows no qualified names
_STACK_LINE: Final = re.compile(r'^\s+File "(.*)", line \d+ in (.*)$')


class Failing(NamedTuple):
    """What an exception says, ready for a dossier."""

    error_type: str
    error_message: str
    traceback: str
    frames: tuple[str, ...]


def of_exception(error: BaseException, roots: Sequence[str]) -> Failing:
    """Read an exception; never raises, whatever the exception's own methods do."""
    try:
        message = str(error)
    except Exception as second:
        message = f"<its text raised {type(second).__name__}>"
    if isinstance(error, SystemExit):
        message = f"the job called sys.exit({message})"
    try:
        told = "".join(traceback.format_exception(error, limit=-MOST_FRAMES))
    except Exception as second:
        told = f"<its traceback raised {type(second).__name__}>"
    return Failing(
        type(error).__name__,
        sendable(message)[:LONGEST_MESSAGE],
        sendable(told)[-LONGEST_TRACEBACK:],
        frames_of_traceback(error.__traceback__, roots),
    )


def frames_of_traceback(trace: TracebackType | None, roots: Sequence[str]) -> tuple[str, ...]:
    """The user's frames, innermost last, as ``file:function``."""
    pairs = []
    while trace is not None:
        code = trace.tb_frame.f_code
        # Before Python 3.11 a method's frame has no class.
        pairs.append((code.co_filename, getattr(code, "co_qualname", code.co_name)))
        trace = trace.tb_next
    return _frames(pairs, roots)


def frames_of_stack(stack: str, roots: Sequence[str]) -> tuple[str, ...]:
    """The same from what faulthandler wrote: its current thread, innermost call first."""
    pairs = []
    inside = "Current thread" not in stack
    for line in stack.splitlines():
        match = _STACK_LINE.match(line)
        if match and inside:
            pairs.append((match[1], match[2]))
        elif line.startswith("Current thread"):
            inside = True
        elif pairs:
            break
    return _frames(reversed(pairs), roots)


def name_of_signal(number: int) -> str:
    """``SIGSEGV`` for 11; real-time signals have no name of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def without_our_calls(stack: str) -> str:
    """What faulthandler wrote, without the calls that lead from our start to the user's code."""
    kept: list[str] = []
    ours = False
    for line in stack.splitlines(keepends=True):
        match = _STACK_LINE.match(line)
        if match is None:
            ours = False
        elif match[1].startswith(_OWN_CODE) and match[2] in _CALLERS:
            ours = True
        if not ours:
            kept.append(line)
    return "".join(kept)


def import_roots() -> tuple[str, ...]:
    """The folders that file names in frames are relative to, longest first."""
    found = {str(Path(entry or ".").absolute()) for entry in [*sys.path, ""]}
    return tuple(sorted((root + os.sep for root in found if root != "/"), key=len, reverse=True))


def sendable(text: str) -> str:
    """The text without lone surrogates, which JSON cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode()


def _frames(pairs: Iterable[tuple[str, str]], roots: Sequence[str]) -> tuple[str, ...]:
    """The user's frames: where the bug is, not the library that it was seen in.

    They lie between the executor, which called the user's code, and ours that it called. Where
    all of them are a library's, they stand for themselves.
    """
    called: list[tuple[str, str]] = []
    for file, name in pairs:
        if not file.startswith(_OWN_CODE):
            called.append((file, name))
        elif name in _CALLERS:
            called.clear()
    users = [(file, name) for file, name in called if not _is_library(file)]
    frames = [sendable(f"{_relative(file, roots)}:{name}") for file, name in users or called]
    return tuple(frames[-MOST_FRAMES:])


def _is_library(file: str) -> bool:
    return file.startswith((*_LIBRARIES, "<frozen "))


def _relative(file: str, roots: Sequence[str]) -> str:
    for root in roots:
        if file.startswith(root):
            return file[len(root) :]
    return Path(file).name if file.startswith(os.sep) else file
