"""The options of ``<Module collectd_plugin>``: collectd's tree in, `PluginOptions` out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from collectd_plugin.names import quoted_name
from gearmang.errors import GearmangError
from gearmang.protocol.server import Server
from gearmang.protocol.tls import Tls
from gearmang.watch.movement import DEFAULT_WINDOW
from gearmang.watch.poll import MOST_KEYS, Target

SHORTEST_INTERVAL = 0.01  # seconds
DEFAULT_TIMEOUT = 2.0  # seconds


class ConfigNode(Protocol):
    """A node of the tree that collectd hands over."""

    @property
    def key(self) -> str: ...
    @property
    def values(self) -> Sequence[Any]: ...
    @property
    def children(self) -> Sequence[ConfigNode]: ...


class BadDirective(GearmangError):
    """An option that cannot be used; the text names it."""


@dataclass(frozen=True)
class NamedTarget:
    """A server and the plugin_instance that its values appear under."""

    target: Target
    name: str


@dataclass(frozen=True)
class PluginOptions:
    """What to poll and what to report; packaging/collectd/gearmang.conf tells each one."""

    servers: tuple[NamedTarget, ...] = ()
    interval: float | None = None
    timeout: float = DEFAULT_TIMEOUT
    functions: tuple[str, ...] = ()
    ignored_functions: tuple[str, ...] = ()
    max_functions: int = 10_000
    stalled_polls: int = 6
    workers: bool = True
    priorities: bool = False
    jobs: bool = False
    max_jobs: int = 10_000
    dead_letters: str | None = None
    notifications: bool = True
    flow: bool = True
    window: float = DEFAULT_WINDOW
    ages: bool = True
    max_keys: int = MOST_KEYS
    idle: bool = True


def read_options(nodes: Iterable[ConfigNode]) -> PluginOptions:
    """Read the children of the module's block.

    Raises:
        BadDirective: the first option that cannot be used.
    """
    found: dict[str, Any] = {}
    servers: list[NamedTarget] = []
    for node in nodes:
        key = node.key.lower()
        if key == "server":
            servers.append(_server(node))
            continue
        if key not in _OPTIONS:
            known = ", ".join(["Server", *(name for name, _, _ in _OPTIONS.values())])
            raise BadDirective(f"option {node.key} is unknown; the options are {known}")
        if node.children:
            raise BadDirective(f"option {node.key} is no block")
        _, field, read = _OPTIONS[key]
        value = read(node)
        found[field] = (*found.get(field, ()), *value) if isinstance(value, tuple) else value
    _check(servers, found)
    return PluginOptions(servers=tuple(servers), **found)


def _check(servers: list[NamedTarget], found: dict[str, Any]) -> None:
    if not servers and not found.get("dead_letters"):
        raise BadDirective('option Server is missing; write <Server "HOST:PORT"> and </Server>')
    names = [server.name for server in servers]
    for name in names:
        if names.count(name) > 1:
            raise BadDirective(f"option Server {name} is there twice; give each its own Name")
    interval, timeout = found.get("interval"), found.get("timeout", DEFAULT_TIMEOUT)
    if interval is not None and timeout >= interval:
        raise BadDirective(
            f"option Timeout is {timeout:g} s, with an Interval of {interval:g} s; "
            "a poll must end before the next one starts"
        )


def _server(node: ConfigNode) -> NamedTarget:
    address = _text(node)
    try:
        server = Server.parse(address)
    except GearmangError as error:
        raise BadDirective(f"option Server: {error}") from None
    found: dict[str, Any] = {}
    for child in node.children:
        key = child.key.lower()
        if key not in _SERVER_OPTIONS:
            known = ", ".join(name for name, _, _ in _SERVER_OPTIONS.values())
            raise BadDirective(
                f"option {child.key} in Server {address} is unknown; the options are {known}"
            )
        _, field, read = _SERVER_OPTIONS[key]
        found[field] = read(child)
    name = found.pop("name", str(server))
    asked = found.pop("tls", bool(found))
    if found and not asked:
        raise BadDirective(f"option TLS in Server {address} is false, with files for TLS beside it")
    return NamedTarget(Target(server, Tls(**found) if asked else None), quoted_name(name, "[]"))


def _only(node: ConfigNode) -> Any:
    if len(node.values) != 1:
        raise BadDirective(f"option {node.key} takes one value, not {len(node.values)}")
    return node.values[0]


def _text(node: ConfigNode) -> str:
    value = _only(node)
    if not isinstance(value, str) or not value or "\0" in value:
        raise BadDirective(f'option {node.key}: {value!r} is no text; write {node.key} "TEXT"')
    return value


def _texts(node: ConfigNode) -> tuple[str, ...]:
    if not node.values or not all(isinstance(value, str) and value for value in node.values):
        raise BadDirective(f'option {node.key} takes patterns; write {node.key} "image.*"')
    return tuple(node.values)


def _flag(node: ConfigNode) -> bool:
    value = _only(node)
    if isinstance(value, bool):
        return value
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if not isinstance(value, str) or value.lower() not in known:
        raise BadDirective(f"option {node.key}: {value!r} is neither true nor false")
    return known[value.lower()]


def _number(node: ConfigNode) -> float:
    value = _only(node)
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number < float("inf"):
        raise BadDirective(f"option {node.key}: {value!r} is no number of 0 or more")
    return number


def _seconds(node: ConfigNode) -> float:
    number = _number(node)
    if number < SHORTEST_INTERVAL:
        raise BadDirective(f"option {node.key}: {number:g} s is less than {SHORTEST_INTERVAL} s")
    return number


def _count(node: ConfigNode) -> int:
    number = _number(node)
    if number < 1 or number != int(number):
        raise BadDirective(f"option {node.key}: {number:g} is no whole number of 1 or more")
    return int(number)


def _store(node: ConfigNode) -> str:
    from gearmang.dead_letters.store.address import Address

    store = _text(node)
    try:
        Address.parse(store)
    except GearmangError as error:
        raise BadDirective(f"option {node.key}: {error}") from None
    return store


_Reader = Callable[[ConfigNode], Any]

# As it is looked for: (as it is written, field, reader).
_OPTIONS: dict[str, tuple[str, str, _Reader]] = {
    name.lower(): (name, field, read)
    for name, field, read in (
        ("Interval", "interval", _seconds),
        ("Timeout", "timeout", _seconds),
        ("Function", "functions", _texts),
        ("IgnoreFunction", "ignored_functions", _texts),
        ("MaxFunctions", "max_functions", _count),
        ("StalledPolls", "stalled_polls", _count),
        ("Workers", "workers", _flag),
        ("Priorities", "priorities", _flag),
        ("Jobs", "jobs", _flag),
        ("MaxJobs", "max_jobs", _count),
        ("DeadLetters", "dead_letters", _store),
        ("Notifications", "notifications", _flag),
        ("Flow", "flow", _flag),
        ("Window", "window", _seconds),
        ("Ages", "ages", _flag),
        ("MaxKeys", "max_keys", _count),
        ("Idle", "idle", _flag),
    )
}
_SERVER_OPTIONS: dict[str, tuple[str, str, _Reader]] = {
    name.lower(): (name, field, read)
    for name, field, read in (
        ("Name", "name", _text),
        ("TLS", "tls", _flag),
        ("CACert", "ca", _text),
        ("CertificateFile", "cert", _text),
        ("CertificateKeyFile", "key", _text),
        ("ServerName", "server_name", _text),
    )
}
