"""Values that nobody may read: replaced before a record is written.

Two ways: what the user names by globs, and, by `masked`, whatever looks like a secret: a field
whose name has a word such as ``password`` or ``token`` in it (``db_pass``, ``DB_PASSWORD_PROD``,
``accessKey``), and in texts such a name with a value behind it, a bearer's token, a password in
a URL.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any

REDACTED = "[redacted]"
DEEPEST = 20  # levels of nesting; what lies below is redacted whole
MOST_NAMES = 4096  # of which it is remembered whether they are secret

SECRET_WORDS = frozenset(
    {
        *("pass", "password", "passwords", "passwd", "passphrase", "pwd", "pin", "cvv", "iban"),
        *("secret", "secrets", "token", "auth", "authorization", "credential", "credentials"),
        *("cookie", "cookies", "session", "signature", "ssn", "apikey", "accesskey", "privatekey"),
    }
)
SECRET_ENDINGS = ("password", "passwd", "passphrase", "secret", "token")  # dbpassword, authtoken
SECRET_PAIRS = {("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key")}

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAMED = re.compile(
    r"""(?P<name>[A-Za-z_][\w.-]*)(?P<between>\\?["']?\s*[=:]\s*)"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:(?:bearer|basic)\s+)?[^\s"',;&}\])]+)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE)
# A password may hold an @ itself: the last one ends it.
_IN_URL = re.compile(r"""(?P<keep>[a-z][\w+.-]*://[^\s:/@]*:)[^\s/"'<>]*(?=@)""", re.IGNORECASE)


def redactor(globs: Iterable[str]) -> Callable[[Any], Any]:
    """A function that copies fields with the secret ones replaced.

    Args:
        globs: what is secret: names (``password``), at any depth, or dotted paths
            (``user.*.token``); the case does not matter.
    """
    secret = re.compile("|".join(translate(glob.lower()) for glob in globs))

    @functools.lru_cache(MOST_NAMES)
    def is_secret(path: str, name: str) -> bool:
        return bool(secret.match(path.lower()) or secret.match(name.lower()))

    def redact(value: Any, path: str = "", depth: int = 0) -> Any:
        if isinstance(value, dict):
            if depth >= DEEPEST:
                return REDACTED
            return {
                key: REDACTED
                if is_secret(f"{path}{key}", str(key))
                else redact(inner, f"{path}{key}.", depth + 1)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            if depth >= DEEPEST:
                return REDACTED
            return [redact(inner, path, depth + 1) for inner in value]
        return value

    return redact


def masked(value: Any) -> Any:  # decoded JSON
    """A copy of decoded JSON without the secrets that names and forms give away."""
    if isinstance(value, dict):
        return {
            name: REDACTED if is_secret_name(name) and inner not in (None, "") else masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return masked_text(value) if isinstance(value, str) else value


def masked_text(text: str) -> str:
    """The text without the secrets that its form gives away."""
    if ":" not in text and "=" not in text and " " not in text:
        return text
    text = _IN_URL.sub(rf"\g<keep>{REDACTED}", text)
    text = _without_named_values(text)
    return _BEARER.sub(rf"\g<keep>{REDACTED}", text)


@functools.lru_cache(MOST_NAMES)
def is_secret_name(name: str) -> bool:
    """Whether a field's or variable's name says that its value is secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    return (
        not SECRET_WORDS.isdisjoint(words)
        or any(word.endswith(SECRET_ENDINGS) for word in words)
        or not SECRET_PAIRS.isdisjoint(zip(words, words[1:]))
    )


def _without_named_values(text: str) -> str:
    parts, at = [], 0
    while (found := _NAMED.search(text, at)) is not None:
        parts.append(text[at : found.start("value")])
        at = found.start("value")  # what is no secret may hold one: ``error: password=x``
        if is_secret_name(found["name"]):
            quote = text[at] if text[at] in "\"'" else ""
            parts.append(f"{quote}{REDACTED}{quote}")
            at = found.end()
    return "".join([*parts, text[at:]])
