"""Who may act, read from files: tokens of people without a proxy, roles in TOML."""

from __future__ import annotations

import hashlib
import stat
import sys
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from gearmang.errors import GearmangError
from gearmang.web.access import RIGHTS, Network, Role

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LEAST_TOKEN: Final = 16  # characters
_OTHERS: Final = stat.S_IRWXO
_ROLE_KEYS: Final = frozenset({"rights", "functions", "users", "groups"})


class BadPeople(GearmangError):
    """A file of tokens or roles cannot be used; the text names it and says what to do."""


def tokens_of(path: Path) -> tuple[tuple[str, str], ...]:
    """Names and the digests of their tokens: one ``NAME TOKEN`` a line, ``#`` for comments.

    Raises:
        BadPeople: it cannot be read, others can read it, or a line is none.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise BadPeople(f"{path} is open to others; chmod 0640 {path}")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadPeople(f"the tokens {path} cannot be read: {error}") from error
    found = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or len(words[1]) < _LEAST_TOKEN or ":" in words[0]:
            raise BadPeople(
                f"{path}, line {number}: write NAME TOKEN, the token of {_LEAST_TOKEN} characters"
                " or more"
            )
        found.append((words[0], hashlib.sha256(words[1].encode()).hexdigest()))
    if not found:
        raise BadPeople(f"{path} names nobody; write NAME TOKEN, one a line")
    return tuple(found)


def roles_of(path: Path) -> tuple[Role, ...]:
    """The roles of a TOML file, tables ``[[role]]``.

    Raises:
        BadPeople: it cannot be read, or says what is not known.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadPeople(f"the roles {path} cannot be read: {error}") from error
    tables = document.get("role")
    if not isinstance(tables, list) or document.keys() != {"role"}:
        raise BadPeople(f"{path}: write tables [[role]], and nothing else")
    return tuple(_role(path, number, table) for number, table in enumerate(tables, 1))


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses of proxies: ``10.0.0.7`` or ``10.0.0.0/24``.

    Raises:
        BadPeople: one is none.
    """
    try:
        return tuple(map(ip_network, texts))
    except ValueError as error:
        raise BadPeople(f"--trusted-proxy: {error}; write an address or a network") from None


def _role(path: Path, number: int, table: dict[str, Any]) -> Role:
    where = f"{path}, role {number}"
    if unknown := table.keys() - _ROLE_KEYS:
        known = ", ".join(sorted(_ROLE_KEYS))
        raise BadPeople(f"{where}: {', '.join(sorted(unknown))} is not known; there are {known}")
    values: dict[str, list[str]] = {}
    for name in _ROLE_KEYS:
        value = table.get(name, ["*"] if name == "functions" else [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise BadPeople(f'{where}: {name} is no list of texts, such as ["a", "b"]')
        values[name] = value
    if not values["rights"] or not set(values["rights"]) <= set(RIGHTS):
        raise BadPeople(f"{where}: rights are some of {', '.join(RIGHTS)}")
    if not (values["users"] or values["groups"]):
        raise BadPeople(f"{where}: it is for nobody; name users or groups")
    return Role(
        frozenset(values["rights"]),
        tuple(values["functions"]),
        frozenset(values["users"]),
        frozenset(values["groups"]),
    )
