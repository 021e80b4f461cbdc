"""A change of payloads: values set, values taken away, a jq program, or another payload whole."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import orjson

from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.masking import masked_text

_MOST_EXACT: Final = 2**53  # jq's numbers are doubles: beyond it, integers are rounded


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of payloads, in this order.

    Attributes:
        data: the new payload, whatever the old one was.
        settings: ``(path, value)``; a path is ``a.b.0.c``, a value JSON or, if it is none, text.
        deletions: paths; what is not there needs no deletion.
        jq: a program that makes one document of another.
    """

    data: bytes | None = None
    settings: tuple[tuple[str, str], ...] = ()
    deletions: tuple[str, ...] = ()
    jq: str | None = None

    def written(self) -> str:
        """The change as text, for its plan; `read` makes a change of it again."""
        data = None if self.data is None else base64.b64encode(self.data).decode("ascii")
        kept = {"set": self.settings, "delete": self.deletions, "jq": self.jq, "data": data}
        return orjson.dumps(kept).decode()

    @classmethod
    def read(cls, text: str | None) -> Change:
        """Read what `written` wrote."""
        kept = orjson.loads(text or cls().written())
        return cls(
            data=None if kept["data"] is None else base64.b64decode(kept["data"]),
            settings=tuple((path, value) for path, value in kept["set"]),
            deletions=tuple(kept["delete"]),
            jq=kept["jq"],
        )

    def told(self) -> str:
        """The change as options, masked: it goes into the event log."""
        parts = [f"--set {path}={value}" for path, value in self.settings]
        parts += [f"--delete {path}" for path in self.deletions]
        if self.jq is not None:
            parts.append(f"--jq {self.jq!r}")
        if self.data is not None:
            parts.append(f"--data of {len(self.data)} bytes")
        return masked_text(" ".join(parts))

    def changer(self) -> Callable[[bytes], bytes]:
        """A function from a payload to what becomes of it.

        It raises `NotAllowed` for a payload that it cannot be done to: no JSON, a path that leads
        nowhere, or what jq refuses.

        Raises:
            NotAllowed: the jq program is none, or jq is not installed.
        """
        if self.data is not None:
            data = self.data
            return lambda _: data
        program = None if self.jq is None else _jq(self.jq)

        def change(payload: bytes) -> bytes:
            document = _document(payload)
            before = _encoded(document)
            for path, text in self.settings:
                document = _with(document, path, path.split("."), _value(text))
            for path in self.deletions:
                document = _without(document, path.split("."))
            if program is not None:
                document = program(document)
            after = _encoded(document)
            return payload if after == before else after  # what stays so, stays byte for byte

        return change


def with_values(payload: bytes, settings: dict[str, str]) -> bytes:
    """The JSON payload with other values at some places.

    Raises:
        NotAllowed: the payload is no JSON, or a path leads nowhere.
    """
    return Change(settings=tuple(settings.items())).changer()(payload)


def _document(payload: bytes) -> Any:
    """The payload read so that nothing of it is lost: whole integers, each name once."""
    try:
        return json.loads(
            payload, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_number
        )
    except (ValueError, RecursionError):
        raise NotAllowed(
            "the payload is no JSON that can be written again; give all of it with --data FILE"
        ) from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is there twice")
    return made


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _encoded(document: Any) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a pair, as JSON may have it escaped
        return json.dumps(document, separators=(",", ":")).encode()


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _with(document: Any, path: str, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    first, rest = parts[0], parts[1:]
    if isinstance(document, dict):
        if rest and first not in document:
            raise NotAllowed(f"--set {path}: the payload has no {first!r} there")
        return document | {first: _with(document.get(first), path, rest, value)}
    if isinstance(document, list) and first.isdecimal() and int(first) < len(document):
        changed = [*document]
        changed[int(first)] = _with(document[int(first)], path, rest, value)
        return changed
    raise NotAllowed(f"--set {path}: {first!r} leads nowhere in the payload")


def _without(document: Any, parts: list[str]) -> Any:
    first, rest = parts[0], parts[1:]
    changed: Any
    if isinstance(document, dict) and first in document:
        changed, key = {**document}, first
    elif isinstance(document, list) and first.isdecimal() and int(first) < len(document):
        changed, key = [*document], int(first)  # type: ignore[assignment]  # a list's key
    else:
        return document
    if rest:
        changed[key] = _without(changed[key], rest)
    else:
        del changed[key]
    return changed


def _jq(expression: str) -> Callable[[Any], Any]:
    try:
        import jq
    except ModuleNotFoundError:
        raise NotAllowed("--jq needs the package jq; install gearmang[jq]") from None
    try:
        program = jq.compile(expression)
    except ValueError as error:
        raise NotAllowed(f"--jq {expression!r}: {' '.join(str(error).split())}") from None

    def run(document: Any) -> Any:
        if (number := _rounded(document)) is not None:
            raise NotAllowed(f"jq would round {number}; take --set or --data")
        made = iter(program.input_value(document))
        try:
            first = next(made)
        except StopIteration:
            raise NotAllowed(f"--jq {expression!r} gives nothing") from None
        except ValueError as error:
            raise NotAllowed(f"--jq {expression!r}: {' '.join(str(error).split())}") from None
        if next(made, made) is not made:
            raise NotAllowed(f"--jq {expression!r} gives several documents")
        return first

    return run


def _rounded(document: Any) -> int | None:
    """An integer of the document that a double cannot hold; None where there is none."""
    if isinstance(document, int) and abs(document) > _MOST_EXACT:
        return document
    parts = document.values() if isinstance(document, dict) else document
    if isinstance(document, (dict, list)):
        for part in parts:
            if (found := _rounded(part)) is not None:
                return found
    return None
