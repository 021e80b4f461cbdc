"""The command ``gearmang``. Each subcommand is a module of its own, imported when it is called."""

import importlib
import sys
from typing import Any

import click

from gearmang.errors import GearmangError

_COMMANDS = {
    # name: (module, attribute, what it does)
    "collect": ("gearmang.cli.collect", "collect", "Store the dead letters that workers send."),
    "dead": ("gearmang.cli.dead", "dead", "Inspect, requeue and remove dead letters."),
    "logs": ("gearmang.cli.logs", "logs", "Read task records back: view, stats, trace, plot."),
    "status": ("gearmang.cli.status", "status", "Print functions with waiting, running, workers."),
    "submit": ("gearmang.cli.submit", "submit", "Queue a job."),
    "top": ("gearmang.cli.top", "top", "Watch functions, workers and dead letters live."),
    "work": ("gearmang.cli.work", "work", "Run a worker that survives the jobs that kill it."),
}


class LateGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in self.list_commands(ctx)])


@click.command(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gearmang")
def gearmang() -> None:
    """Keeps a Gearman pipeline healthy.

    Example: gearmang status --server gm1:4730 --server gm2:4730
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command: exit 0, 1 with one line on stderr when it failed, 2 for bad options."""
    try:
        return gearmang.main(args=arguments, prog_name="gearmang")
    except GearmangError as error:
        from gearmang.terminal import clean

        click.echo(f"gearmang: {clean(str(error))}", err=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output, `head` for one, has seen enough
        sys.stderr.close()
        sys.exit(0)
