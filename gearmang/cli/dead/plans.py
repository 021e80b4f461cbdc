"""``gearmang dead plans``, ``pause`` and ``resume``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from gearmang.cli.options import json_option, store_option
from gearmang.durations import iso, short, told

if TYPE_CHECKING:
    from gearmang.dead_letters.acting.pausing import Standing


@click.command()
@click.option("--open", "open_only", is_flag=True, help="Only those that are not at their end.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@store_option
@json_option
def plans(open_only: bool, limit: int, store: str, as_json: bool) -> None:
    """The plans, newest first: what is carried out now, how far it is, who holds it up.

    Example: gearmang dead plans --open
    """
    from gearmang.cli.columns import columns
    from gearmang.cli.output import print_json
    from gearmang.dead_letters.acting.pausing import standings
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.reading() as connection:
        found = standings(connection, limit=limit, open_only=open_only)
    if as_json:
        print_json([document(one) for one in found])
        return
    if not found:
        click.echo("no plans")
        return
    heads = ("PLAN", "DONE", "LETTERS", "ACTION", "STATE", "MADE", "WHO", "CHOSEN BY")
    rows = [
        (
            one.plan, one.done, one.letters, one.action, _state(one), told(one.made_at), one.who,
            one.chosen_by,
        )
        for one in found
    ]  # fmt: skip
    for line in columns(heads, rows, right=2):
        click.echo(line)


@click.command()
@click.argument("plan")
@click.option("--reason", metavar="TEXT", help="Why, for the event log.")
@store_option
@json_option
def pause(plan: str, reason: str | None, store: str, as_json: bool) -> None:
    """Hold up a plan that is carried out somewhere, after the letters that are at hand.

    Example: gearmang dead pause 3f9a01c2 --reason 'the disk is full'
    """
    from gearmang.dead_letters.acting.pausing import pause as hold
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.writing() as connection:
        found = hold(connection, plan, why=reason)
    _tell(found, f"gearmang dead resume {found.plan} lets it go on", as_json)


@click.command()
@click.argument("plan")
@click.option("--reason", metavar="TEXT", help="Why, for the event log.")
@store_option
@json_option
def resume(plan: str, reason: str | None, store: str, as_json: bool) -> None:
    """Let a paused plan go on, where it is being carried out.

    Example: gearmang dead resume 3f9a01c2
    """
    from gearmang.dead_letters.acting.pausing import resume as let_go
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.writing() as connection:
        found = let_go(connection, plan, why=reason)
    _tell(found, "it goes on within a second", as_json)


def document(found: Standing) -> dict[str, Any]:
    """A plan for JSON."""
    return found._asdict() | {"left": found.left, "made_at": iso(found.made_at)}


def _tell(found: Standing, then: str, as_json: bool) -> None:
    if as_json:
        from gearmang.cli.output import print_json

        print_json(document(found))
        return
    click.echo(f"plan {found.plan} is {found.state}: {found.done} of {found.letters} done; {then}")


def _state(found: Standing) -> str:
    if found.state == "paused":
        return f"paused by {found.paused_by}"
    if found.state == "under way" and found.rate:
        end = time.time() + found.left / found.rate
        return f"under way at {found.rate:g}/s, {short(end - time.time())} left"
    return found.state
