"""The record that is none: what blocks get while nothing is configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class SilentRecord:
    """Takes everything that a `Record` takes, and forgets it. It is false; a record is true."""

    __slots__ = ()

    type = task = id = span = event_id = ""
    sampled = False
    ended = False
    outer = None

    def set(self, key: str = "", /, *values: object, **fields: object) -> None:
        """Forget it."""

    def add(self, key: str, number: object) -> None:
        """Forget it."""

    def append(self, key: str, value: object) -> None:
        """Forget it."""

    @contextmanager
    def timer(self, key: str) -> Iterator[None]:
        """Time nothing."""
        yield

    def start(self) -> SilentRecord:
        """Do nothing."""
        return self

    def stop(self) -> None:
        """Do nothing."""

    def done(self, error: object = None) -> None:
        """Write nothing."""

    def __enter__(self) -> SilentRecord:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __bool__(self) -> bool:
        return False


SILENT = SilentRecord()
