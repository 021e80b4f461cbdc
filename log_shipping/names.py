"""Which record a name makes, seen from the records that are open around it.

=========  ==========================================================================
``x``      a record of its own, unless an open record's name is a prefix of it:
``a.b.c``  a child of the longest open one of ``a.b`` and ``a``
``.x``     a child of the current record
``^.x``    a child of the outermost record
=========  ==========================================================================

Without an open record ``.x`` and ``^.x`` are plainly ``x``.
"""

from __future__ import annotations

from log_shipping.context import OpenRecord, still_open


def check(name: str) -> str:
    """Return the name.

    Raises:
        ValueError: there is nothing that it could name: it is empty, or starts with ``..``.
    """
    named = isinstance(name, str) and name not in {"", ".", "^", "^."}
    if not named or name.startswith(".."):
        raise ValueError(f"a record cannot be named {name!r}: use a name, .name or ^.name")
    return name


def resolve(name: str, current: OpenRecord | None) -> tuple[str, OpenRecord | None]:
    """The full name of the record and its parent among the open ones."""
    if name[0] == ".":
        return (name[1:], None) if current is None else (current.type + name, current)
    if name[:2] == "^.":
        if current is None:
            return name[2:], None
        top = outermost(current)
        return top.type + name[1:], top
    if current is None or "." not in name:
        return name, None
    return name, _longest_prefix(name, current)


def outermost(record: OpenRecord) -> OpenRecord:
    """The open record that has no other around it."""
    while (outer := still_open(record.outer)) is not None:
        record = outer
    return record


def _longest_prefix(name: str, current: OpenRecord) -> OpenRecord | None:
    found: OpenRecord | None = None
    record: OpenRecord | None = current
    while record is not None:
        longer = found is None or len(record.type) > len(found.type)
        if longer and name.startswith(record.type + "."):
            found = record
        record = still_open(record.outer)
    return found
