"""Change a letter's payload; what it was stays in the lineage, with the difference."""

from __future__ import annotations

import difflib
from typing import Any, Final

import orjson
from sqlalchemy import Connection, update

from gearmang.dead_letters.arriving.letter import fit
from gearmang.dead_letters.looking.browse import body
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.looking.presenting import shown
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.moves import note_handled
from gearmang.dead_letters.store.rows import DeadLetter
from gearmang.dead_letters.store.tables import bodies, dead_letters

_LONGEST_DIFFERENCE: Final = 20_000  # characters; the original is kept whole


def edit(
    connection: Connection, letter: DeadLetter, before: bytes, payload: bytes, *, why: str | None
) -> str:
    """Give a dead letter another payload; return the difference, empty when there is none.

    Args:
        before: the payload that the operator has seen.

    Raises:
        NotAllowed: the letter is not dead any more, or somebody else has edited it meanwhile.
    """
    name = letter.death_id
    if letter.state != "dead":
        raise NotAllowed(f"letter {name} is {letter.state}; only a dead one can be edited")
    if body(connection, letter.id).payload != before:
        raise NotAllowed(f"letter {name} was edited by somebody else meanwhile; look again")
    if before == payload:
        return ""
    told = difference(before, payload)
    connection.execute(update(bodies).where(bodies.c.id == letter.id).values(payload=payload))
    changed = connection.execute(
        update(dead_letters)
        .where(dead_letters.c.id == letter.id, dead_letters.c.state == "dead")
        .values(payload_bytes=len(payload))
    )
    if changed.rowcount != 1:
        raise NotAllowed(f"letter {name} was taken by somebody else in this moment")
    note_handled(connection, [letter.fingerprint])
    detail = fit(told, _LONGEST_DIFFERENCE)
    record(connection, "edited", why=why, death_id=name, detail=detail, payload=before)
    return told


def difference(before: bytes, after: bytes) -> str:
    """What an edit changes, in the form of ``diff -u``."""
    old, new = (shown(payload, secrets=True).text.splitlines() for payload in (before, after))
    return "\n".join(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))


def with_values(payload: bytes, settings: dict[str, str]) -> bytes:
    """The JSON payload with other values at some places.

    Args:
        settings: ``path → value``; a path is ``a.b.0.c``, a value JSON or, if it is none, text.

    Raises:
        NotAllowed: the payload is no JSON, or a path leads nowhere.
    """
    try:
        document = orjson.loads(payload)
    except ValueError:
        raise NotAllowed("the payload is no JSON; give all of it with --data FILE") from None
    for path, text in settings.items():
        try:
            value: Any = orjson.loads(text)
        except ValueError:
            value = text
        document = _with(document, path, path.split("."), value)
    return orjson.dumps(document)


def _with(document: Any, path: str, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    first, rest = parts[0], parts[1:]
    if isinstance(document, dict):
        if rest and first not in document:
            raise NotAllowed(f"--set {path}: the payload has no {first!r} there")
        return document | {first: _with(document.get(first), path, rest, value)}
    if isinstance(document, list) and first.isdigit() and int(first) < len(document):
        place = int(first)
        return [
            *document[:place],
            _with(document[place], path, rest, value),
            *document[place + 1 :],
        ]
    raise NotAllowed(f"--set {path}: {first!r} leads nowhere in the payload")
