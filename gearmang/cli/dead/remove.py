"""``gearmang dead remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gearmang.cli.dead.choice import dead_filter_options
from gearmang.cli.dead.planning import agreed_plan, plan_options
from gearmang.cli.options import json_option, store_option

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter


@click.command()
@click.argument("letters", metavar="[ID]...", nargs=-1)
@dead_filter_options
@plan_options
@store_option
@json_option
def remove(
    letters: tuple[str, ...],
    chosen: Filter,
    plan: str | None,
    yes: bool,
    dry_run: bool,
    reason: str | None,
    store: str,
    as_json: bool,
) -> None:
    """Throw dead letters away. Until they are pruned, `gearmang dead undo` brings them back.

    Example: gearmang dead remove --fingerprint 8f14e45fceea --reason 'test data'
    """
    from gearmang.cli.dead.running import run_of
    from gearmang.dead_letters.acting.removal import carry_out
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened:
        row = agreed_plan(
            opened,
            "remove",
            letters=letters,
            chosen=chosen,
            plan=plan,
            reason=reason,
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
        )
        if row is None:
            return
        with run_of(opened, row) as (reins, advance):
            removed, skipped = carry_out(opened, row, reins=reins, progress=advance)
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"plan": row.plan, "removed": removed, "skipped": skipped})
        return
    click.echo(f"removed {removed} (plan {row.plan}; gearmang dead undo {row.plan} takes it back)")
    if skipped:
        click.echo(f"passed over {skipped} that were no longer dead")
