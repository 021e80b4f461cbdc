"""Letters as JSON lines and back, without loss: to keep, to search, to move to another store."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, select

from gearmang.dead_letters.arriving.letter import Letter, fit
from gearmang.dead_letters.looking.browse import with_bodies
from gearmang.dead_letters.looking.filters import Filter, of_letters
from gearmang.dead_letters.store.moment import new_id
from gearmang.dead_letters.store.rows import LETTER, Body, DeadLetter
from gearmang.dead_letters.store.tables import STATES, dead_letters

FORMAT: Final = "gearmang-dead-letter/1"
_BEGINNING: Final = b'{"format":"' + FORMAT.encode() + b'"'
_ROWS_AT_ONCE: Final = 200  # that are read while others are written
_TEXTS: Final = ("death_id", "job_id", "state", "fingerprint", "function", "error_type")
_LONGEST_TEXT: Final = 512
_FINAL: Final = {"requeuing": "dead", "recalling": "dead"}
"""What a letter becomes whose job was on its way when it was exported: at worst it runs twice."""


def lines(connection: Connection, chosen: Filter) -> Iterator[bytes]:
    """The letters that a filter chooses, oldest first, each as one line."""
    return as_lines(connection, *of_letters(connection, chosen))


def as_lines(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[bytes]:
    """The letters that all conditions choose, oldest first; memory holds a few at a time."""
    after = -1
    query = select(*LETTER).where(*conditions).order_by(dead_letters.c.id).limit(_ROWS_AT_ONCE)
    while True:
        rows = connection.execute(query.where(dead_letters.c.id > after)).all()
        if not rows:
            return
        for letter, content in with_bodies(connection, [*map(DeadLetter._make, rows)]):
            yield _line(letter, content)
        after = rows[-1].id


def _line(letter: DeadLetter, content: Body) -> bytes:
    told: dict[str, Any] = {"format": FORMAT} | letter._asdict()
    del told["id"]
    told["history"] = orjson.Fragment(content.history)
    told |= _bytes_as("payload", content.payload)
    if content.odd_function is not None:
        told |= _bytes_as("odd_function", content.odd_function)
    return orjson.dumps(told) + b"\n"


def _bytes_as(name: str, data: bytes) -> dict[str, str]:
    """Text stays readable and can be searched; anything else goes as base64."""
    try:
        return {name: data.decode("utf-8")}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode("ascii")}


def letters(source: Iterable[bytes], refuse: Callable[[str], None]) -> Iterator[Letter]:
    """Read lines back; the letters keep their ids, states and times.

    Args:
        refuse: is told each line that `lines` did not write, with its number and the reason; the
            others are given all the same.
    """
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        torn = line.rfind(_BEGINNING)
        if torn > 0:  # a run that was killed in the middle of a line: the next is whole
            refuse(f"line {number} begins with a letter that was cut; what follows it is read")
            line = line[torn:]
        try:
            yield _letter(orjson.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            refuse(f"line {number} is no exported dead letter: {type(error).__name__} {error}")


def _letter(told: dict[str, Any]) -> Letter:
    if told["format"] != FORMAT:
        raise ValueError(f"the format {str(told['format'])[:80]!r} is not known")
    row: dict[str, Any] = {name: _text(told, name) for name in _TEXTS}
    job_id, dash, tries = row["death_id"].rpartition("-")
    if not dash or job_id != row["job_id"] or not tries.isdigit():
        raise ValueError(f"{row['death_id'][:80]!r} is no id of a death of that job")
    if row["state"] not in STATES:
        raise ValueError(f"the state {row['state'][:80]!r} is not known")
    row["state"] = _FINAL.get(row["state"], row["state"])
    for name in ("server", "worker", "revision"):
        row[name] = None if told.get(name) is None else _text(told, name)
    row["error_message"] = _text(told, "error_message")
    row["stored_at"], row["died_at"] = _time(told["stored_at"]), _time(told["died_at"])
    row["enqueued_at"] = None if told["enqueued_at"] is None else _time(told["enqueued_at"])
    if not isinstance(told["history"], list):
        raise TypeError("its history is no array")
    payload, odd = _bytes_of(told, "payload"), _bytes_of(told, "odd_function")
    row["attempts"], row["payload_bytes"] = int(tries), len(payload or b"")
    row["plan"] = None  # plans stay in the store that they were made in
    row["id"] = identity = new_id(row["stored_at"])
    frames = told["history"][-1].get("frames") if told["history"] else None
    return Letter(
        row=row,
        body={
            "id": identity,
            "payload": payload or b"",
            "history": orjson.dumps(told["history"]),
            "odd_function": odd,
        },
        place=fit(str(frames[-1]), _LONGEST_TEXT) if isinstance(frames, list) and frames else "",
    )


def _text(told: dict[str, Any], name: str) -> str:
    value = told[name]
    if not isinstance(value, str):
        raise TypeError(f"its {name} is no text")
    return fit(value, _LONGEST_TEXT)


def _time(value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{str(value)[:80]!r} is no time")
    return float(value)


def _bytes_of(told: dict[str, Any], name: str) -> bytes | None:
    if name in told:
        return str(told[name]).encode("utf-8")
    encoded = told.get(f"{name}_base64")
    return None if encoded is None else base64.b64decode(encoded, validate=True)
