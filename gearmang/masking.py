"""Secrets in payloads and dossiers, made unreadable before they are shown."""

from __future__ import annotations

import re
from typing import Any, Final

MASK: Final = "***"

# Parts of a name; those of few letters only as a word of their own, as in ``db_pass``.
_PARTS: Final = (
    r"passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential"
    r"|(?<![A-Za-z])(?:pass|pwd)(?![A-Za-z])"
)
_SECRET_NAME: Final = re.compile(
    rf"{_PARTS}|auth|cookie|session|signature|(^|[_-])(pin|cvv|iban|ssn)($|[_-])", re.IGNORECASE
)
_NOT_SECRET: Final = re.compile(r"author(?!iz)|authored|tokeniz", re.IGNORECASE)
# In free text: a name with a value behind it, a bearer's token, a password in a URL.
_IN_TEXT: Final = (
    re.compile(
        rf"""(?P<keep>(?:{_PARTS})[\w-]*["']?\s*[=:]\s*["']?)(?P<secret>[^\s"',;&}}\])]+)""",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)(?P<secret>[\w.~+/=-]{8,})", re.IGNORECASE),
    # A password may hold an @: the last one stands before the host.
    re.compile(r"(?P<keep>[a-z][a-z0-9+.-]*://[^\s:/@]*:)(?P<secret>[^\s/]+)(?=@)", re.IGNORECASE),
)


def masked_text(text: str) -> str:
    """The text without the secrets that its form gives away."""
    for pattern in _IN_TEXT:
        text = pattern.sub(lambda match: match["keep"] + MASK, text)
    return text


def masked(document: Any) -> Any:
    """A decoded JSON document without the values whose names say that they are secret."""
    if isinstance(document, dict):
        return {
            name: MASK if _is_secret(name) and value not in (None, "") else masked(value)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [masked(value) for value in document]
    return masked_text(document) if isinstance(document, str) else document


def _is_secret(name: object) -> bool:
    text = _NOT_SECRET.sub("", str(name))
    return _SECRET_NAME.search(text) is not None
