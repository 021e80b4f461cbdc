"""Who is asking, and what they may do: names from a proxy that is trusted, or from a token."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, NamedTuple

RIGHTS: Final = ("view", "requeue", "edit", "remove")
_LONGEST_NAME: Final = 128  # characters of an operator's name that are kept

Network = IPv4Network | IPv6Network


class Role(NamedTuple):
    """What some people may do.

    Attributes:
        rights: some of `RIGHTS`.
        functions: globs of the functions whose letters they may act on.
        users, groups: whom it is for.
    """

    rights: frozenset[str]
    functions: tuple[str, ...]
    users: frozenset[str]
    groups: frozenset[str]


class Visitor(NamedTuple):
    """Who is asking.

    Attributes:
        name: for the history; empty where nobody said who they are.
        roles: that they have.
        may_act: whether changes are allowed at all.
    """

    name: str
    roles: tuple[Role, ...]
    may_act: bool

    def may(self, right: str, functions: Iterable[str] = ()) -> bool:
        """Whether they have the right, for every one of the functions.

        ``view`` is of the page as a whole: a role's functions do not narrow it.
        """
        if right == "view":
            return any("view" in role.rights for role in self.roles)
        globs = [glob for role in self.roles if right in role.rights for glob in role.functions]
        if not (self.may_act and self.name and globs):
            return False
        return all(any(fnmatch.fnmatchcase(name, glob) for glob in globs) for name in functions)


EVERYTHING: Final = Role(frozenset(RIGHTS), ("*",), frozenset(), frozenset())
_LOOKING: Final = Role(frozenset({"view"}), (), frozenset(), frozenset())


@dataclass(frozen=True)
class Access:
    """The rules.

    Attributes:
        allow_changes: whether anybody may act.
        user_header, group_header: in which a trusted proxy says who is asking; lower case.
        trusted: networks of the proxies that are believed.
        by_socket: whether requests come over a Unix socket, whose file's mode is the trust.
        tokens: name → SHA-256 of the token, in hexadecimal.
        roles: who may do what; empty: whoever is known may do everything.
    """

    allow_changes: bool = False
    user_header: str | None = None
    group_header: str | None = None
    trusted: tuple[Network, ...] = ()
    by_socket: bool = False
    tokens: tuple[tuple[str, str], ...] = ()
    roles: tuple[Role, ...] = ()

    @property
    def knows_people(self) -> bool:
        """Whether there is any way to say who one is; where there is, strangers see nothing."""
        return bool(self.user_header or self.tokens)

    def visitor(self, peer: str | None, headers: Mapping[str, str]) -> Visitor:
        """Who is asking.

        Args:
            peer: the address that the connection comes from; None for a Unix socket.
            headers: of the request, their names in lower case.
        """
        if not self.knows_people:
            return Visitor("", (_LOOKING,), may_act=False)
        name, groups = self._by_proxy(peer, headers)
        name = name or self._by_token(headers.get("authorization", ""))
        if not name:
            return Visitor("", (), may_act=False)
        return Visitor(name, self._roles_of(name, groups), self.allow_changes)

    def _by_proxy(self, peer: str | None, headers: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        if self.user_header is None or not self._is_trusted(peer):
            return "", frozenset()
        name = "".join(filter(str.isprintable, headers.get(self.user_header, ""))).strip()
        groups = headers.get(self.group_header, "") if self.group_header else ""
        return name[:_LONGEST_NAME], frozenset(part.strip() for part in groups.split(",") if part)

    def _is_trusted(self, peer: str | None) -> bool:
        if self.by_socket:
            return True
        try:
            address = ip_address(peer or "")
        except ValueError:
            return False
        return any(address in network for network in self.trusted)

    def _by_token(self, authorization: str) -> str:
        """The name behind ``Bearer TOKEN``, or behind the password of ``Basic``."""
        kind, _, value = authorization.partition(" ")
        claimed, token = None, value.strip()
        if kind.lower() == "basic":
            try:
                text = base64.b64decode(token, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                return ""
            claimed, _, token = text.partition(":")
        elif kind.lower() != "bearer":
            return ""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        found = ""
        for name, known in self.tokens:  # all of them, so that time tells nothing
            if hmac.compare_digest(digest, known) and claimed in (None, name):
                found = name
        return found

    def _roles_of(self, name: str, groups: frozenset[str]) -> tuple[Role, ...]:
        if not self.roles:
            return (EVERYTHING,)
        return tuple(role for role in self.roles if name in role.users or groups & role.groups)
