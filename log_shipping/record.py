"""A record while its block runs."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from log_shipping.context import innermost
from log_shipping.ending import ending
from log_shipping.fields import Fields, get_deep, set_deep
from log_shipping.names import resolve
from log_shipping.process import getrandbits
from log_shipping.sampling import Sample, decide
from log_shipping.schema import GIVEN

if TYPE_CHECKING:
    from log_shipping.handler import RecordHandler

SPAN_DIGITS = 16  # hexadecimal; the span is the start of the event_id

_MISSING: Any = object()
_now = datetime.now
_clock = time.perf_counter_ns
_innermost = innermost.get
_set_innermost = innermost.set


class Record:
    """What happens in one block, written as one line when the block ends.

    Args:
        handler: what writes it.
        name: as `log_shipping.names` tells.
        tree: the ``id`` of the whole tree of records; a root's default is its ``event_id``.
        sample: as `log_shipping.sampling` tells; None writes every record.
        given: the fields to start with; core names (``handle``, ``attempt``) are core fields.

    Attributes:
        outer: the record that was the current one when this was made.
        sampled: whether it will be written. What lies under a record that is not, is not either.
    """

    __slots__ = ("_document", "_fields", "_handler", "_started", "outer", "sampled")

    def __init__(
        self,
        handler: "RecordHandler",
        name: str,
        tree: str | None,
        sample: Sample | None,
        given: Mapping[str, Any],
    ) -> None:
        self._handler: RecordHandler | None = handler
        self._fields: Fields = {}
        self.sampled = True
        self.outer = outer = _innermost()
        parent = None
        if outer is not None or name[0] in ".^":
            name, parent = resolve(name, outer)
        # The document is made once, here, and finished at the end: a record costs microseconds.
        formatter = handler.formatter
        template = formatter.templates.get(name) or formatter.template(name)
        self._document = document = template.copy()  # far cheaper than making it anew
        event_id = "%032x" % getrandbits(128)  # noqa: UP031  # new_id, but faster
        document["ts"] = _now(UTC)
        document["event_id"] = event_id
        document["id"] = tree or event_id
        document["span"] = event_id[:SPAN_DIGITS]
        if parent is not None:
            self._below(parent, tree)
        if given:
            self._start_with(given)
        if sample is not None:
            self._sample(sample)
        if not self.sampled:
            self._handler = None
        self._started = _clock()

    def _below(self, parent: "Record", tree: str | None) -> None:
        theirs = parent._document
        self.sampled = parent.sampled
        self._document["id"] = tree or theirs["id"]
        self._document["parent"] = theirs["span"]
        self._document["task"] = theirs["task"]

    def _start_with(self, given: Mapping[str, Any]) -> None:
        if GIVEN.issuperset(given):
            self._document.update(given)
            return
        for name, value in given.items():
            if name in GIVEN:
                self._document[name] = value
            else:
                set_deep(self._fields, name, value)

    def _sample(self, sample: Sample) -> None:
        decision = decide(sample, self)
        self.sampled = self.sampled and decision.sampled
        if decision.rate < 1:
            self._document["sample_rate"] = decision.rate

    @property
    def type(self) -> str:
        """The full name."""
        found: str = self._document["type"]
        return found

    @property
    def id(self) -> str:
        """32 hexadecimal digits, or what was given: the same for all records of one tree."""
        found: str = self._document["id"]
        return found

    @property
    def event_id(self) -> str:
        """32 hexadecimal digits that no other record has."""
        found: str = self._document["event_id"]
        return found

    @property
    def span(self) -> str:
        """16 hexadecimal digits: this record among those of its tree."""
        found: str = self._document["span"]
        return found

    @property
    def task(self) -> str:
        """The type of the tree's root, or what ``task=`` said."""
        found: str = self._document["task"]
        return found

    def set(self, key: str = "", value: Any = _MISSING, /, *more: Any, **fields: Any) -> None:
        """Set ``key`` (dotted: nested) to the value, to the list of several, or to the fields.

        ``set("image.bytes", 10)``, ``set("sizes", 10, 20)``, ``set("image", width=1, height=2)``,
        ``set(width=1)``.
        """
        if value is not _MISSING and not more:
            if "." in key:
                set_deep(self._fields, key, value)
            else:
                self._fields[key] = value
        elif more:
            set_deep(self._fields, key, [value, *more])
        else:
            for name, inner in fields.items():
                set_deep(self._fields, f"{key}.{name}" if key else name, inner)

    def add(self, key: str, number: Any) -> None:
        """Add to a number, which starts at 0; what is no number is replaced."""
        try:
            total = get_deep(self._fields, key, 0) + number
        except TypeError:
            total = number
        set_deep(self._fields, key, total)

    def append(self, key: str, value: object) -> None:
        """Append to a list, which starts empty."""
        found = get_deep(self._fields, key)
        if type(found) is list:
            found.append(value)
        else:
            set_deep(self._fields, key, [value] if found is None else [found, value])

    @contextmanager
    def timer(self, key: str) -> Iterator[None]:
        """Add what the block takes, in milliseconds, to the field ``KEY_ms``."""
        started = _clock()
        try:
            yield
        finally:
            self.add(f"{key}_ms", (_clock() - started) // 1000 / 1000)

    def start(self) -> Self:
        """Make this the current record; ``with`` does it."""
        _set_innermost(self)
        return self

    __enter__ = start

    def stop(self) -> None:
        """Make the record around it the current one again, without ending this one."""
        # Not ContextVar.reset: that raises where start was called in another context.
        _set_innermost(self.outer)

    def done(self, error: BaseException | None = None) -> None:
        """End it and write it, once; ``with`` does it.

        Args:
            error: what the block ended by, if it did not end well.
        """
        self.__exit__(None, error, None)

    def disown(self) -> None:
        """Never write it: it belongs to the process that this one was forked from."""
        self._handler = None

    def __exit__(
        self,
        kind: object,
        error: BaseException | None,
        trace: object,
    ) -> None:
        ended = _clock()
        _set_innermost(self.outer)
        handler = self._handler
        if handler is None:
            return
        self._handler = None
        document = self._document
        document["duration_ms"] = (ended - self._started) // 1000 / 1000
        if error is not None:
            document.update(ending(error))
        if self._fields:
            document["fields"] = self._fields
        handler.ship(document)

    def __bool__(self) -> bool:
        return True
