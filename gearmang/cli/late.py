"""A group of commands, each a module of its own that is imported only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click


class LateGroup(click.Group):
    """Commands by name, from modules that nothing has imported yet.

    Args:
        late: name → (module, attribute, what the command does).
        former: names that commands had before → the names they have now; not listed.
    """

    def __init__(
        self,
        *args: Any,
        late: dict[str, tuple[str, str, str]],
        former: Mapping[str, str] = MappingProxyType({}),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._late = late
        self._former = former

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._late)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = self._former.get(cmd_name, cmd_name)
        if cmd_name not in self._late:
            return None
        module, attribute, _ = self._late[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._late[name][2]) for name in self.list_commands(ctx)])
