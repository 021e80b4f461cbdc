"""``gearmang dead resolve``."""

from __future__ import annotations

import click

from gearmang.cli.options import json_option, store_option


@click.command()
@click.argument("fingerprint")
@click.option(
    "--revision",
    metavar="R",
    help="The code that holds the fix: deaths in the old code then reopen nothing.",
)
@click.option("--close", is_flag=True, help="Its dead letters need no requeue: close them too.")
@click.option("--reason", metavar="TEXT", help="Why, for the event log.")
@store_option
@json_option
def resolve(
    fingerprint: str,
    revision: str | None,
    close: bool,
    reason: str | None,
    store: str,
    as_json: bool,
) -> None:
    """Write down that a cause is mended. When it comes back, it is reopened.

    Example: gearmang dead resolve 8f14e45fceea --revision v2.3.1 --reason 'sizes are checked'
    """
    from gearmang.cli.dead.wording import letters
    from gearmang.dead_letters.acting import plans
    from gearmang.dead_letters.acting.removal import carry_out
    from gearmang.dead_letters.looking.causes import find_cause
    from gearmang.dead_letters.looking.causes import resolve as mark
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.seam import Store

    plan, closed = None, 0
    with Store(store) as opened:
        with opened.writing() as connection:
            cause = find_cause(connection, fingerprint)
            mark(connection, cause.fingerprint, revision=revision, why=reason)
            if close:
                chosen = Filter(fingerprint=cause.fingerprint)
                row = plans.propose(
                    connection, "resolve", chosen=chosen, told=chosen.told(), why=reason
                )
                plan = row.plan
        if close:
            closed, _ = carry_out(opened, row)
    if as_json:
        from gearmang.cli.output import print_json

        print_json(
            {"fingerprint": cause.fingerprint, "state": "resolved", "revision": revision}
            | {"closed": closed, "plan": plan}
        )
        return
    click.echo(f"{cause.fingerprint} is resolved" + (f" in {revision}" if revision else ""))
    if plan is not None:
        click.echo(f"closed {letters(closed)} (plan {plan}; gearmang dead undo {plan})")
