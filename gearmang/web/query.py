"""What stands behind the question mark, or in a form: text that may be anything, made values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote_from_bytes

from starlette.requests import Request

from gearmang.errors import GearmangError

_MOST_FIELDS: Final = 2_000  # of a query or a form: a page's worth of letters, and more
_LONGEST_VALUE: Final = 2_000  # characters of one value of a query


class BadQuery(GearmangError):
    """A value in a query or a form that cannot be used; the page shows the sentence."""


class Fields(dict[str, str]):
    """A query for a form: what is not in it is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Names and values; bytes that are no UTF-8 stay, by surrogateescape.

    Raises:
        BadQuery: too many.
    """
    try:
        return parse_qsl(
            text, keep_blank_values=True, errors="surrogateescape", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise BadQuery(f"more than {_MOST_FIELDS} values; choose by filters instead") from None


def query_of(request: Request) -> dict[str, str]:
    """The query; of a name that comes twice the last value, empty ones left out."""
    text = request.scope["query_string"].decode("latin-1")
    return {name: value[:_LONGEST_VALUE].strip() for name, value in pairs_of(text) if value.strip()}


def quoted(text: str) -> str:
    """A value for a URL; bytes that are no UTF-8 come back as they were."""
    return quote_from_bytes(text.encode("utf-8", "surrogateescape"), safe="")


def link(path: str, **values: object) -> str:
    """A path with a query; values that are None or empty are left out."""
    parts = [
        f"{name}={quoted(str(value))}" for name, value in values.items() if value not in (None, "")
    ]
    return f"{path}?{'&'.join(parts)}" if parts else path


def number(query: Mapping[str, str], name: str, *, least: float) -> float | None:
    """A number; None where there is none.

    Raises:
        BadQuery: it is none, or too small.
    """
    text = query.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= least):
        raise BadQuery(f"{name}={text!r}: write a number, {least:g} or more")
    return value
