"""A stand-in for the module that collectd gives to its plugins, as strict as the real one.

What it refuses, collectd 5.12 was seen to refuse; what it cuts, it cuts. A MagicMock would take all
of it. The real daemon is in tests/daemons/collectd.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LONGEST_NAME = 127  # bytes
TYPES = frozenset(
    line.split(maxsplit=1)[0]
    for line in Path("/usr/share/collectd/types.db").read_text().splitlines()
    if line.strip() and not line.startswith("#")
)


def _name(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no str")
    if "\0" in text:
        raise TypeError("embedded null character")
    data = text.encode()
    return text if len(data) <= LONGEST_NAME else data[:LONGEST_NAME].decode("utf-8", "ignore")


class Node:
    """A node of the configuration's tree."""

    def __init__(self, key: str, *values: Any, children: Sequence[Node] = ()) -> None:
        self.key = key
        self.values = values
        self.children = tuple(children)


class StrictCollectd:
    """One daemon: its callbacks, and what was dispatched to it.

    Attributes:
        dispatched: (plugin_instance, type, type_instance) → its values, oldest first.
        notifications: (severity, message), oldest first.
        logged: (level, text), oldest first.
        reads: name of the read → (callback, interval, data).
    """

    NOTIF_FAILURE, NOTIF_WARNING, NOTIF_OKAY = 1, 2, 4

    def __init__(self) -> None:
        self.dispatched: dict[tuple[str, str, str], list[float]] = {}
        self.notifications: list[tuple[int, str]] = []
        self.logged: list[tuple[str, str]] = []
        self.reads: dict[str, tuple[Callable[..., None], float | None, Any]] = {}
        self.configs: dict[str, Callable[[Node], None]] = {}
        self.inits: list[Callable[[], None]] = []
        self.shutdowns: list[Callable[[], None]] = []
        daemon = self

        class Values:
            def __init__(self, *, plugin: str = "", plugin_instance: str = "") -> None:
                self.plugin, self.plugin_instance = _name(plugin), _name(plugin_instance)
                self.type = ""

            def dispatch(self, *, type_instance: str, values: Sequence[float]) -> None:
                if self.type not in TYPES:
                    raise TypeError(f"Dataset {self.type} not found")
                if len(values) != 1 or not isinstance(values[0], (int, float)):
                    raise TypeError(f"{values!r} is not one number")
                key = (self.plugin_instance, self.type, _name(type_instance))
                daemon.dispatched.setdefault(key, []).append(values[0])

        class Notification:
            def __init__(self, *, severity: int, message: str, type: str, **names: str) -> None:  # noqa: A002 # collectd's name
                if type not in TYPES:
                    raise TypeError(f"Type {type} not found")
                for name in names.values():
                    _name(name)
                self.severity, self.message = severity, message

            def dispatch(self) -> None:
                daemon.notifications.append((self.severity, self.message))

        self.Values, self.Notification = Values, Notification

    def register_config(self, callback: Callable[[Node], None], *, name: str) -> None:
        self.configs[name] = callback

    def register_init(self, callback: Callable[[], None]) -> None:
        self.inits.append(callback)

    def register_shutdown(self, callback: Callable[[], None]) -> None:
        self.shutdowns.append(callback)

    def register_read(
        self,
        callback: Callable[..., None],
        *,
        interval: float | None = None,
        data: Any = None,
        name: str,
    ) -> None:
        if name in self.reads:
            raise ValueError(f"read {name} is there already")
        self.reads[name] = (callback, interval, data)

    def error(self, text: str) -> None:
        self.logged.append(("error", text))

    def warning(self, text: str) -> None:
        self.logged.append(("warning", text))

    def notice(self, text: str) -> None:
        self.logged.append(("notice", text))

    def start(self, *nodes: Node) -> None:
        """Configure and initialise the plugin as the daemon does."""
        for callback in self.configs.values():
            callback(Node("Module", "collectd_plugin", children=nodes))
        for begin in self.inits:
            begin()

    def read(self) -> None:
        """Call every read once."""
        for callback, _, data in self.reads.values():
            callback() if data is None else callback(data)

    def latest(self, plugin_instance: str) -> dict[str, float]:
        """The last value of each series of one plugin_instance, as ``type-type_instance``."""
        return {
            f"{kind}-{instance}": values[-1]
            for (where, kind, instance), values in self.dispatched.items()
            if where == plugin_instance
        }
