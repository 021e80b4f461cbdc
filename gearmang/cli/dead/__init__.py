"""The commands ``gearmang dead …``."""

import click

from gearmang.cli.late import LateGroup

_COMMANDS = {
    # name: (module, attribute, what it does)
    "list": ("gearmang.cli.dead.list", "list_letters", "List dead letters, newest first."),
    "remove": ("gearmang.cli.dead.remove", "remove", "Throw dead letters away."),
    "requeue": ("gearmang.cli.dead.requeue", "requeue", "Send dead letters back to gearmand."),
    "show": ("gearmang.cli.dead.show", "show", "Show a dead letter with all that is known of it."),
    "migrate": ("gearmang.cli.dead.migrate", "migrate", "Make or update the store's tables."),
}


@click.command(cls=LateGroup, late=_COMMANDS)
def dead() -> None:
    """Inspect dead letters, send them back, throw them away.

    Example: gearmang dead list --function 'resize*' --since 2h
    """
