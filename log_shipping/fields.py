"""A record's own fields: nested dictionaries, reached by dotted keys."""

from typing import Any

Fields = dict[str, Any]


def set_deep(fields: Fields, key: str, value: object) -> None:
    """Set ``a.b.c``, making the dictionaries on the way; one that is no dictionary is replaced."""
    if "." not in key:
        fields[key] = value
        return
    *way, last = key.split(".")
    for part in way:
        inner = fields.get(part)
        if type(inner) is not dict:
            inner = fields[part] = {}
        fields = inner
    fields[last] = value


def get_deep(fields: Fields, key: str, default: Any = None) -> Any:
    """What ``a.b.c`` holds, or the default."""
    value: Any = fields
    for part in key.split("."):
        if type(value) is not dict or part not in value:
            return default
        value = value[part]
    return value
