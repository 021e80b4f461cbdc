"""The options that choose letters, shared by all commands that take a filter."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from gearmang.cli.times import Moment

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter

STATES = ("dead", "requeuing", "requeued", "removed", "resolved", "recalling")
NAMES = ("function", "error", "fingerprint", "since", "until", "from_server", "grep")

_OPTIONS = (
    click.option("--function", metavar="GLOB", help="The function they were queued under."),
    click.option("--error", metavar="GLOB", help="The error's type: an exception or a signal."),
    click.option("--fingerprint", metavar="HEX", help="The first digits of their fingerprint."),
    click.option("--since", type=Moment(), help="Stored at or after: 2h ago, or a date."),
    click.option("--until", type=Moment(), help="Stored before: 1d ago, or a date."),
    click.option("--grep", metavar="TEXT", help="Text in payload, error message or dossier."),
)

_STATE = click.option(
    "--state",
    type=click.Choice((*STATES, "all")),
    default="dead",
    show_default=True,
    help="What has become of them.",
)


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The filters of commands that look: passed on as ``chosen``, a `Filter`."""
    return _with_filter(command, _STATE, "--from-server", "--server")


def dead_filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The filters of commands that act, on dead letters only: passed on as ``chosen``.

    ``--server`` says there which gearmand to talk to.
    """
    return _with_filter(command, None, "--from-server")


def _with_filter(
    command: Callable[..., Any], state: Callable[..., Any] | None, *server_flags: str
) -> Callable[..., Any]:
    @functools.wraps(command)
    def with_filter(*args: Any, **kwargs: Any) -> Any:
        from gearmang.dead_letters.looking.filters import Filter

        given = {name: kwargs.pop(name) for name in NAMES}
        given["server"] = given.pop("from_server")
        wanted = kwargs.pop("state") if state else "dead"
        given["state"] = None if wanted == "all" else wanted
        return command(*args, chosen=Filter(**given), **kwargs)

    from_server = click.option(
        *server_flags, "from_server", metavar="GLOB", help="The gearmand that they came from."
    )
    for option in reversed((*_OPTIONS, *((state,) if state else ()), from_server)):
        with_filter = option(with_filter)
    return with_filter


def is_given(chosen: Filter) -> bool:
    """Whether any filter was set; the state alone chooses nothing."""
    parts = (chosen.function, chosen.error, chosen.fingerprint, chosen.server, chosen.grep)
    return any(parts) or chosen.since is not None or chosen.until is not None
