"""The commands ``gearmang dead …``."""

from __future__ import annotations

import click

from gearmang.cli.late import LateGroup

_COMMANDS = {
    # name: (module, attribute, what it does)
    "assign": ("gearmang.cli.dead.cause", "assign", "Say who looks after a cause."),
    "causes": ("gearmang.cli.dead.causes", "causes", "Dead letters by their cause."),
    "compact": ("gearmang.cli.dead.compact", "compact", "Make an earlier version's store small."),
    "copy": ("gearmang.cli.dead.archive", "copy", "Copy one store into another."),
    "doctor": ("gearmang.cli.dead.doctor", "doctor", "Look for what keeps dead letters from you."),
    "edit": ("gearmang.cli.dead.edit", "edit", "Change payloads of dead letters."),
    "export": ("gearmang.cli.dead.archive", "export", "Write dead letters as JSON lines."),
    "history": ("gearmang.cli.dead.history", "history", "Who did what, when and why."),
    "import": ("gearmang.cli.dead.archive", "import_letters", "Read back what export wrote."),
    "link": ("gearmang.cli.dead.cause", "link", "Say where a cause is worked on."),
    "list": ("gearmang.cli.dead.list", "list_letters", "List dead letters, newest first."),
    "migrate": ("gearmang.cli.dead.migrate", "migrate", "Make or update the store's tables."),
    "note": ("gearmang.cli.dead.cause", "note", "Write something down about a cause."),
    "pause": ("gearmang.cli.dead.plans", "pause", "Hold up what is being carried out."),
    "plans": ("gearmang.cli.dead.plans", "plans", "What is carried out, and how far it is."),
    "prune": ("gearmang.cli.dead.prune", "prune", "Delete old letters, to an archive first."),
    "remove": ("gearmang.cli.dead.remove", "remove", "Throw dead letters away."),
    "replay": ("gearmang.cli.dead.replay", "replay", "Run a dead job here, without gearmand."),
    "requeue": ("gearmang.cli.dead.requeue", "requeue", "Send dead letters back to gearmand."),
    "resolve": ("gearmang.cli.dead.resolve", "resolve", "Write down that a cause is mended."),
    "resume": ("gearmang.cli.dead.plans", "resume", "Let a paused plan go on."),
    "show": ("gearmang.cli.dead.show", "show", "Show a dead letter with all that is known of it."),
    "snooze": ("gearmang.cli.dead.cause", "snooze", "Let a cause alert nobody for a while."),
    "stats": ("gearmang.cli.dead.stats", "stats", "The store in figures."),
    "undo": ("gearmang.cli.dead.undo", "undo", "Take a plan back."),
}


@click.command(cls=LateGroup, late=_COMMANDS, former={"groups": "causes"})
def dead() -> None:
    """Inspect dead letters, send them back, throw them away.

    Example: gearmang dead list --function 'resize*' --since 2h
    """
