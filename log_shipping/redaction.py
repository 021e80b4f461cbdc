"""Fields whose values nobody may read: replaced before a record is written."""

import functools
import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any

REDACTED = "[redacted]"
DEEPEST = 20  # levels of nesting; what lies below is redacted whole
MOST_NAMES = 4096  # of which it is remembered whether they are secret


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
