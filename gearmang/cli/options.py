"""The options that commands of gearmang share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gearmang.errors import BadServer
from gearmang.protocol.server import Server

DEFAULT_STORE = "/var/lib/gearmang/dead_letters.db"

Command = TypeVar("Command", bound=Callable[..., Any])


class _ServerType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    name = "HOST:PORT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Server:
        if isinstance(value, Server):
            return value
        try:
            return Server.parse(value)
        except BadServer as error:
            self.fail(str(error), param, ctx)


def servers_option(command: Command) -> Command:
    """``--server HOST:PORT``, repeatable: passed on as ``servers``, a tuple of `Server`."""
    return click.option(
        "--server",
        "servers",
        type=_ServerType(),
        multiple=True,
        envvar="GEARMANG_SERVERS",
        default=("127.0.0.1:4730",),
        show_default="$GEARMANG_SERVERS (separated by spaces), else 127.0.0.1:4730",
        help="A gearmand; may be given several times.",
    )(command)


def store_option(command: Command) -> Command:
    """``--store URL``: passed on as ``store``, an SQLAlchemy URL or a path of an SQLite file."""
    return click.option(
        "--store",
        metavar="URL",
        envvar="GEARMANG_STORE",
        default=DEFAULT_STORE,
        show_default=f"$GEARMANG_STORE, else {DEFAULT_STORE}",
        help="Where dead letters are kept: a path (SQLite) or an SQLAlchemy URL.",
    )(command)


def json_option(command: Command) -> Command:
    """``--json``: passed on as ``as_json``; one JSON document on stdout, an array for a list."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
    )(command)
