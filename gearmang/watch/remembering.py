"""What is remembered of servers from run to run: one JSON file, locked, bounded, for its owner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gearmang.errors import GearmangError
from gearmang.state_file import CannotKeep, locked, write_whole
from gearmang.watch.evidence import Witness
from gearmang.watch.movement import Course, Past, Polled

FORM = 2  # of the file; another one begins anew
FILE_MODE = 0o600
LARGEST_FILE = 64 * 1024 * 1024  # bytes that are read


class CannotRemember(GearmangError):
    """The state file cannot be used; the text names it and says what to do."""


@contextmanager
def remembered(path: str, deadline: float) -> Iterator[dict[str, Past]]:
    """What was known of each server, by its name: changed in place, written at the block's end.

    Nothing is written when the block raises.

    Args:
        path: the file; made when it is missing. Beside it lies ``PATH.lock``.
        deadline: on the monotonic clock, for the lock that another run may hold.

    Raises:
        CannotRemember: it cannot be read, locked or written.
    """
    try:
        with locked(path, deadline, FILE_MODE):
            pasts = _read(path)
            yield pasts
            document = {"form": FORM, "servers": pasts}
            text = json.dumps(document, separators=(",", ":"), default=sorted)
            write_whole(path, text, FILE_MODE)
    except CannotKeep as error:
        raise CannotRemember(str(error)) from None


def _read(path: str) -> dict[str, Past]:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123  # pathlib costs a check 5 ms
            text = file.read(LARGEST_FILE)
        document: Any = json.loads(text)  # which fails for a text that was cut
        if document["form"] != FORM:
            return {}
        return {str(name): _past(one) for name, one in document["servers"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CannotRemember(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CannotRemember(
            f"{path} is no state of gearmang ({type(error).__name__}); remove it to begin anew"
        ) from None


def _past(written: Any) -> Past:
    at, courses, witnesses, pid, numbers = written
    return Past(
        float(at),
        {str(name): _course(*one) for name, one in courses.items()},
        {str(name): Witness(str(a), int(b), int(c)) for name, (a, b, c) in witnesses.items()},
        None if pid is None else int(pid),
        None if numbers is None else frozenset(map(int, numbers)),
    )


def _course(empty_at: Any, steps: Any) -> Course:
    read = tuple(
        Polled(
            float(at),
            int(waiting),
            int(total),
            int(running),
            int(workers),
            idle=None if idle is None else int(idle),
            fell=bool(fell),
            went=bool(went),
            still=bool(still),
        )
        for at, waiting, total, running, workers, idle, fell, went, still in steps
    )
    if not read:
        raise ValueError("a course without steps")
    return Course(None if empty_at is None else float(empty_at), read)
