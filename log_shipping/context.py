"""What is current in this thread or asyncio task: the innermost record, and the bound fields."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Callable, Protocol, TypeVar

R = TypeVar("R")


class OpenRecord(Protocol):
    """A record as those see it that come after it: its children, log lines, the user's code."""

    @property
    def type(self) -> str:
        """Its full name."""

    @property
    def id(self) -> str:
        """The same for all records of one tree."""

    @property
    def event_id(self) -> str:
        """Different for every record."""

    @property
    def span(self) -> str:
        """This record among those of its tree."""

    @property
    def task(self) -> str:
        """What the tree's root does."""

    @property
    def sampled(self) -> bool:
        """Whether it will be written."""

    @property
    def ended(self) -> bool:
        """Whether its block is over: then it is nobody's current record any more."""

    @property
    def outer(self) -> OpenRecord | None:
        """The record around it."""

    def set(self, key: str = "", /, *values: object, **fields: object) -> None:
        """Set fields."""

    def add(self, key: str, number: object) -> None:
        """Add to a number."""

    def append(self, key: str, value: object) -> None:
        """Append to a list."""

    def done(self, error: object = None) -> None:
        """End it and write it."""

    def timer(self, key: str) -> AbstractContextManager[None]:
        """Add what a block takes."""


innermost: contextvars.ContextVar[OpenRecord | None] = contextvars.ContextVar(
    "log_shipping.innermost", default=None
)
bound_fields: contextvars.ContextVar[Mapping[str, object] | None] = contextvars.ContextVar(
    "log_shipping.bound", default=None
)
ever_bound = False  # whether this process has bound any: asked for each record


def still_open(record: OpenRecord | None) -> OpenRecord | None:
    """The record, or the nearest one around it whose block is not over."""
    while record is not None and record.ended:
        record = record.outer
    return record


def current_record() -> OpenRecord | None:
    """The innermost open record of this thread or asyncio task."""
    found = innermost.get()
    return found if found is None or not found.ended else still_open(found)


def bind(**fields: object) -> None:
    """Give these fields to every record and log line that begins in this context from now on."""
    global ever_bound
    ever_bound = True
    bound_fields.set({**(bound_fields.get() or {}), **fields})


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Give these fields to every record and log line that begins in the block."""
    before = bound_fields.get()
    bind(**fields)
    try:
        yield
    finally:
        # Not ContextVar.reset: that raises where the block ends in another context.
        bound_fields.set(before)


def carried(function: Callable[..., R]) -> Callable[..., R]:
    """The function, to be called by another thread with the current record and fields of here.

    ``pool.submit(log_shipping.carried(resize), image)``; as often and in as many threads as
    wanted. asyncio's own `asyncio.to_thread` carries them by itself.
    """
    here = contextvars.copy_context()

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> R:  # what the function takes is its own affair
        # A copy each time: a context cannot be entered twice at once.
        return here.copy().run(function, *args, **kwargs)

    return call
