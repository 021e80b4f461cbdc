"""``gearmang logs``: read task records back. Each subcommand is a module, imported when called."""

import importlib

import click

_COMMANDS = {
    # name: (module, attribute, what it does)
    "stats": ("stats", "stats", "Count, rate, failures and quantiles by task or any field."),
}


class _LateGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        found = importlib.import_module(f"gearmang.cli.logs.{module}")
        command: click.Command = getattr(found, attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row[2]) for name, row in _COMMANDS.items()])


@click.group(cls=_LateGroup)
def logs() -> None:
    """Read task records back.

    Example: gearmang logs stats --records /var/log/gearmang/tasks --since 1h
    """
