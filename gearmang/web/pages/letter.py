"""``/letters/ID``: one dead letter, with all that is known of it."""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gearmang.dead_letters.looking.browse import body, find
from gearmang.dead_letters.looking.history import lineage
from gearmang.dead_letters.looking.presenting import Shown, hex_lines, shown
from gearmang.durations import short, told
from gearmang.masking import masked
from gearmang.web.desk import Desk
from gearmang.web.pages.overview import function_href
from gearmang.web.query import query_of, quoted
from gearmang.web.rendering import render, size

_TEXTS: Final = ("traceback", "stderr")
_LONGEST_TEXT: Final = 64 * 1024  # characters of a traceback that are shown
_MOST_STEPS: Final = 200


def page(request: Request) -> Response:
    """The page.

    Raises:
        NoSuchLetter, AmbiguousId: the id in the path is none, or several.
        StoreError: the store does not answer.
    """
    desk: Desk = request.app.state.desk
    with desk.looking() as connection:
        row = find(connection, request.path_params["id"])
        content = body(connection, row.id)
        steps = lineage(connection, row.job_id)
    query = query_of(request)
    wanted = query.get("payload", "" if desk.settings.hide_payloads else "text")
    visitor, is_dead = request.scope["visitor"], row.state == "dead"
    acts = {
        right: is_dead and visitor.may(right, [row.function])
        for right in ("requeue", "remove", "edit")
    }
    trace_url = desk.settings.trace_url
    attempts = [*map(_attempt, orjson.loads(content.history))]
    if attempts:
        attempts[-1]["is_last"] = True
    return render(
        request,
        "letter.html",
        title=f"Letter {row.death_id}",
        here="/letters",
        letter=row,
        function_href=function_href(row.function),
        trace_href=trace_url.replace("{id}", quoted(row.job_id)) if trace_url else None,
        payload=_payload(content.payload, as_hex=wanted == "hex") if wanted else None,
        as_hex=wanted == "hex",
        attempts=attempts,
        lineage=steps[-_MOST_STEPS:],
        acts=acts | {"any": any(acts.values())},
        trace=desk.records.ask("trace", row.job_id),
    )


def _payload(data: bytes, *, as_hex: bool) -> Shown:
    """The payload without its secrets; in hexadecimal too, which shows text beside the digits."""
    found = shown(data)
    if not as_hex or found.form == "bytes":
        return found
    text = found.text.encode("utf-8", "replace")
    return Shown("hexadecimal", text.hex(), hex_lines(text))


def _attempt(dossier: dict[str, Any]) -> dict[str, Any]:
    hidden = masked(dossier)
    return {
        "outcome": str(hidden.get("outcome", "failure")).replace("_", " "),
        "facts": [
            _readable(name, value)
            for name, value in hidden.items()
            if name not in (*_TEXTS, "outcome", "attempt")
        ],
        "texts": [(name, str(hidden[name])[:_LONGEST_TEXT]) for name in _TEXTS if hidden.get(name)],
        "is_last": False,
    }


def _readable(name: str, value: Any) -> tuple[str, str]:
    """A dossier's field with the unit in its value."""
    if name == "frames" and isinstance(value, list):
        return name, " → ".join(map(str, value))
    try:
        if isinstance(value, (int, float)):
            if name == "started_at":
                return "started", told(value)
            if name.endswith("_seconds"):
                return name.removesuffix("_seconds").replace("_", " "), short(value)
            if name.endswith("_bytes"):
                return name.removesuffix("_bytes").replace("_", " "), size(int(value))
    except (ValueError, OverflowError, OSError):  # a worker's clock, or an attacker's
        pass
    return name.replace("_", " "), str(value)
