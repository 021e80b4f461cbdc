"""Which record a name makes, seen from the records that are open around it.

=========  ==========================================================================
``x``      a record of its own, unless an open record's name is a prefix of it:
``a.b.c``  a child of the longest open one of ``a.b`` and ``a``
``.x``     a child of the current record
``^.x``    a child of the outermost record
=========  ==========================================================================

Without an open record ``.x`` and ``^.x`` are plainly ``x``.
"""

from typing import Protocol, TypeVar


class Open(Protocol):
    """What a name needs to know of an open record."""

    @property
    def type(self) -> str:
        """Its full name."""

    @property
    def outer(self) -> "Open | None":
        """The record around it."""


AnyOpen = TypeVar("AnyOpen", bound=Open)


def check(name: str) -> str:
    """Return the name.

    Raises:
        ValueError: there is nothing that it could name: it is empty, or starts with ``..``.
    """
    if not name or name.startswith("..") or name in {".", "^", "^."}:
        raise ValueError(f"a record cannot be named {name!r}: use a name, .name or ^.name")
    return name


def resolve(name: str, current: AnyOpen | None) -> tuple[str, AnyOpen | None]:
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


def outermost(record: AnyOpen) -> AnyOpen:
    """The record that has no other around it."""
    while record.outer is not None:
        record = record.outer  # type: ignore[assignment]  # the outer one is of the same kind
    return record


def _longest_prefix(name: str, current: AnyOpen) -> AnyOpen | None:
    found: AnyOpen | None = None
    record: AnyOpen | None = current
    while record is not None:
        longer = found is None or len(record.type) > len(found.type)
        if longer and name.startswith(record.type + "."):
            found = record
        record = record.outer  # type: ignore[assignment]  # the outer one is of the same kind
    return found
