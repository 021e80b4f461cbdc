"""The record that is none: what blocks get while nothing is configured."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self


class SilentRecord:
    """Takes everything that a `Record` takes, and forgets it. It is false; a record is true."""

    __slots__ = ()

    type = task = id = span = event_id = ""
    sampled = False

    def set(self, key: str = "", /, *values: Any, **fields: Any) -> None:
        """Forget it."""

    def add(self, key: str, number: Any) -> None:
        """Forget it."""

    def append(self, key: str, value: object) -> None:
        """Forget it."""

    @contextmanager
    def timer(self, key: str) -> Iterator[None]:
        """Time nothing."""
        yield

    def start(self) -> Self:
        """Do nothing."""
        return self

    def stop(self) -> None:
        """Do nothing."""

    def done(self, error: BaseException | None = None) -> None:
        """Write nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __bool__(self) -> bool:
        return False


SILENT = SilentRecord()
