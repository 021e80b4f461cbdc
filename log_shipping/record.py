"""A record while its block runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from log_shipping import context, process
from log_shipping.context import OpenRecord, bound_fields, innermost, still_open
from log_shipping.ending import ending
from log_shipping.fields import Fields, add_deep, append_deep, owned, set_deep
from log_shipping.handler import RecordHandler
from log_shipping.names import resolve
from log_shipping.process import getrandbits
from log_shipping.sampling import Sample, decide
from log_shipping.schema import GIVEN
from log_shipping.values import text_of

SPAN_DIGITS = 16  # hexadecimal; the span is the start of the event_id

MISSING = object()  # what `Record.set` is given where it is given no value
_UTC = timezone.utc
_now = datetime.now
_clock = time.perf_counter_ns
_innermost = innermost.get
_set_innermost = innermost.set
_modules = sys.modules


class Record:
    """What happens in one block, written as one line when the block ends.

    Args:
        handler: what writes it.
        name: as `log_shipping.names` tells.
        tree: the ``id`` of the whole tree of records. A root's default is the trace id of the
            OpenTelemetry span that is active, or else its ``event_id``.
        sample: as `log_shipping.sampling` tells; None writes every record.
        given: the fields to start with; core names (``handle``, ``attempt``) are core fields.

    Attributes:
        outer: the record that was the current one when this was made, or started.
        sampled: whether it will be written. What lies under a record that is not, is not either.
        ended: whether its block is over.
    """

    __slots__ = (
        *("_document", "_fields", "_forks", "_handler", "_lent", "_started"),
        *("ended", "outer", "sampled"),
    )

    def __init__(
        self,
        handler: RecordHandler,
        name: str,
        tree: str | None,
        sample: Sample | None,
        given: Mapping[str, Any],
    ) -> None:
        self._handler: RecordHandler | None = handler
        self._forks = process.forks
        self._fields: Fields = {}
        self._lent = False  # whether some dictionary or list in the fields may be the user's
        self.sampled = True
        self.ended = False
        outer = _innermost()
        if outer is not None and outer.ended:
            outer = still_open(outer)
        self.outer = outer
        parent = None
        # The document is made once, here, and finished at the end: a record costs microseconds.
        formatter = handler.json_formatter
        template = formatter.templates.get(name) if outer is None else None
        if template is None:
            name, parent = resolve(name, outer)
            template = formatter.templates.get(name) or formatter.template(name)
        self._document = document = template.copy()  # far cheaper than making it anew
        event_id = getrandbits(128).to_bytes(16, "big").hex()  # new_id, without the call
        document["ts"] = _now(_UTC)
        document["event_id"] = event_id
        document["id"] = event_id
        document["span"] = event_id[:SPAN_DIGITS]
        if tree:
            document["id"] = tree if isinstance(tree, str) else text_of(tree)
        elif parent is None and "opentelemetry.trace" in _modules:
            self._below_a_span()
        if parent is not None:
            self._below(parent, tree)
        if context.ever_bound:
            self._start_with(bound_fields.get() or {})
        if given:
            self._start_with(given)
        if sample is not None:
            self._sample(sample)
        if not self.sampled:
            self._handler = None
        self._started = _clock()

    def _below(self, parent: OpenRecord, tree: str | None) -> None:
        document = self._document
        self.sampled = parent.sampled
        document["parent"] = parent.span
        document["task"] = parent.task
        if not tree:
            document["id"] = parent.id

    def _below_a_span(self) -> None:
        """Belong to the trace of the OpenTelemetry span that is active in this context."""
        span = _modules["opentelemetry.trace"].get_current_span().get_span_context()
        if span.is_valid:
            self._document["id"] = f"{span.trace_id:032x}"
            self._document["parent"] = f"{span.span_id:016x}"

    def _start_with(self, given: Mapping[str, object]) -> None:
        if GIVEN.issuperset(given):
            self._document.update(given)
            return
        self._lent = True
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

    def set(self, key: str = "", value: object = MISSING, /, *more: object, **fields: Any) -> None:
        """Set ``key`` (dotted: nested) to the value, to the list of several, or to the fields.

        ``set("image.bytes", 10)``, ``set("sizes", 10, 20)``, ``set("image", width=1, height=2)``,
        ``set(width=1)``.
        """
        try:
            if value is not MISSING and not more:
                if "." in key:
                    if self._lent:
                        self._own()
                    set_deep(self._fields, key, value)
                else:
                    self._fields[key] = value
                kind = type(value)
                if kind is dict or kind is list:
                    self._lent = True
            elif more:
                self._own()
                set_deep(self._fields, key, [value, *more])
            elif not key and "." not in "".join(fields):
                self._fields.update(fields)
                self._lent = True
            else:
                self._own()
                for name, inner in fields.items():
                    set_deep(self._fields, f"{key}.{name}" if key else name, inner)
                self._lent = True
        except Exception:  # a key that is no text, a dictionary that cannot be copied
            self._fields[text_of(key)] = fields or (value, *more)

    def _own(self) -> None:
        """Copy what the user gave us: it is his, and is never changed."""
        if self._lent:
            self._fields = owned(self._fields)
            self._lent = False

    def add(self, key: str, number: object) -> None:
        """Add to a number, which starts at 0; what is no number is replaced."""
        try:
            self._own()
            add_deep(self._fields, key, number)
        except Exception:
            self._fields[text_of(key)] = number

    def append(self, key: str, value: object) -> None:
        """Append to a list, which starts empty. A list that was set is copied, never changed."""
        try:
            self._own()
            append_deep(self._fields, key, value)
        except Exception:
            self._fields[text_of(key)] = value

    @contextmanager
    def timer(self, key: str) -> Iterator[None]:
        """Add what the block takes, in milliseconds, to the field ``KEY_ms``."""
        started = _clock()
        try:
            yield
        finally:
            self.add(f"{key}_ms", (_clock() - started) // 1000 / 1000)

    def start(self) -> Record:
        """Make this the current record; ``with`` does it."""
        around = _innermost()
        if around is not self.outer:
            self._start_inside(around)
        _set_innermost(self)
        return self

    __enter__ = start

    def _start_inside(self, around: OpenRecord | None) -> None:
        """It was made in another place than it is started in: there it has to return to."""
        around = outer = still_open(around)
        while outer is not None:
            if outer is self:
                return
            outer = outer.outer
        self.outer = around

    def stop(self) -> None:
        """Make the record around it the current one again, without ending this one."""
        # Not ContextVar.reset: that raises where start was called in another context. And where
        # another record is the current one, it remains that.
        if _innermost() is self:
            _set_innermost(still_open(self.outer))

    def done(self, error: object = None) -> None:
        """End it and write it, once; ``with`` does it.

        Args:
            error: what the block ended by, if it did not end well.
        """
        self.__exit__(None, error, None)

    def __exit__(self, _: object, error: object, __: object) -> None:
        ended = _clock()
        outer = self.outer
        if outer is not None and outer.ended:
            self.outer = outer = still_open(outer)  # no chain of what is over is kept
        if _innermost() is self:
            _set_innermost(outer)
        self.ended = True
        handler = self._handler
        if handler is None:
            return
        self._handler = None
        if self._forks != process.forks:
            return  # it is the parent's to write
        try:
            document = self._document
            document["duration_ms"] = (ended - self._started) // 1000 / 1000
            if error is not None:
                document.update(ending(error))
            if self._fields:
                document["fields"] = self._fields
            handler.ship(document)
        except Exception:  # nothing that a record holds may hurt the task
            handler.drop(1)

    def __bool__(self) -> bool:
        return True
