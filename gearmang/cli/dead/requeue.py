"""``gearmang dead requeue``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gearmang.cli.dead.choice import dead_filter_options
from gearmang.cli.dead.planning import agreed_plan, check_choice, plan_options
from gearmang.cli.options import json_option, servers_option, store_option
from gearmang.cli.times import Span
from gearmang.cli.tls import tls_options
from gearmang.protocol.server import Server

if TYPE_CHECKING:
    from gearmang.dead_letters.acting.pausing import Reins
    from gearmang.dead_letters.acting.requeue import Released
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.rows import Plan
    from gearmang.dead_letters.store.seam import Store
    from gearmang.job.client import Client


@click.command()
@click.argument("letters", metavar="[ID]...", nargs=-1)
@dead_filter_options
@plan_options
@click.option("--rate", type=click.FloatRange(0.1), metavar="N", help="The most letters a second.")
@click.option(
    "--batch",
    type=click.IntRange(1, 5_000),
    default=500,
    show_default=True,
    help="Letters that are claimed, submitted and settled together.",
)
@click.option("--to", metavar="FUNCTION", help="Queue them under this function, not their own.")
@click.option(
    "--canary",
    type=click.IntRange(1),
    metavar="N",
    help="Send N first, see them succeed, then 2 N, 4 N …; stop when one dies again.",
)
@click.option(
    "--patience",
    type=Span(),
    default="10m",
    show_default=True,
    help="With --canary: how long one stage may take.",
)
@servers_option
@tls_options
@store_option
@json_option
def requeue(
    letters: tuple[str, ...],
    chosen: Filter,
    plan: str | None,
    yes: bool,
    dry_run: bool,
    reason: str | None,
    rate: float | None,
    batch: int,
    to: str | None,
    canary: int | None,
    patience: float,
    servers: tuple[Server, ...],
    store: str,
    as_json: bool,
) -> None:
    """Send dead letters back to gearmand, each with its full number of attempts.

    Letters are named by their ids, or chosen by filters; then the plan is printed first, and
    carried out on exactly these letters once you agree.

    Example: gearmang dead requeue --error 'ValueError' --since 2h --rate 100
    """
    from gearmang.cli.dead.running import run_of
    from gearmang.dead_letters.acting.interrupted import complete_interrupted
    from gearmang.dead_letters.acting.plans import carried_out
    from gearmang.dead_letters.acting.requeue import Released, reach
    from gearmang.dead_letters.acting.requeue import requeue as run
    from gearmang.dead_letters.store.seam import Store
    from gearmang.job.client import Client

    check_choice(letters, chosen, plan)
    with Store(store) as opened, Client(servers) as client:
        completed = 0
        if not dry_run:  # whatever is chosen now: no letter is left half way
            reach(client)
            completed = complete_interrupted(opened, client)
            if plan and completed and _is_done(opened, plan):
                _report(plan, Released(0, 0, 0), completed, as_json)
                return
        row = agreed_plan(
            opened,
            "requeue",
            letters=letters,
            chosen=chosen,
            plan=plan,
            reason=reason,
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
            to=to,
        )
        if row is None:
            return
        again = _again(rate, canary, servers)
        with run_of(opened, row, again) as (reins, advance), carried_out(opened, row):
            if canary is not None:
                _run_canary(opened, client, servers, row, canary, patience, as_json, reins)
            else:
                result = run(
                    *(opened, client, row.plan), batch=batch, rate=rate, reins=reins,
                    progress=advance,
                )  # fmt: skip
    if canary is None:
        _report(row.plan, result, completed, as_json)


def _again(rate: float | None, canary: int | None, servers: tuple[Server, ...]) -> str:
    """The options that a run must be given again to go on as it was."""
    told = f" --rate {rate:g}" if rate else ""
    told += f" --canary {canary}" if canary else ""
    return told + "".join(f" --server {server}" for server in servers)


def _is_done(store: Store, plan: str) -> bool:
    """Whether completing what was left of a plan was all that there was to do."""
    from gearmang.dead_letters.acting.plans import get

    with store.reading() as connection:
        return get(connection, plan).state == "done"


def _run_canary(
    store: Store,
    client: Client,
    servers: tuple[Server, ...],
    plan: Plan,
    first: int,
    patience: float,
    as_json: bool,
    reins: Reins,
) -> None:
    """Print the course, stage by stage.

    Raises:
        NotAllowed: a job died again, or did not end in time.
    """
    from gearmang.cli.dead.wording import letters
    from gearmang.dead_letters.acting.canary import Stage, canary
    from gearmang.dead_letters.store.errors import NotAllowed

    def told(stage: Stage) -> None:
        text = f"released {stage.released}: {stage.succeeded} succeeded, {stage.died} died again"
        if stage.unsettled:
            text += f", {stage.unsettled} undecided"
        click.echo(f"{text} ({stage.seconds:.1f} s)", err=as_json)

    stages = canary(
        *(store, client, servers, plan.plan), first=first, patience=patience, told=told, reins=reins
    )
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"plan": plan.plan, "stages": [stage._asdict() for stage in stages]})
    if stages and not stages[-1].is_good:
        released = sum(stage.released for stage in stages)
        why = "a job died again" if stages[-1].died else f"jobs did not end in {patience:g} s"
        raise NotAllowed(
            f"stopped after {released} of {letters(plan.letters)}, as {why}; "
            f"once it is mended: gearmang dead requeue --plan {plan.plan} --canary {first}"
        )
    if not as_json:
        succeeded = sum(stage.succeeded for stage in stages)
        click.echo(f"all back: {succeeded} succeeded (plan {plan.plan})")


def _report(plan: str, result: Released, completed: int, as_json: bool) -> None:
    if as_json:
        from gearmang.cli.output import print_json

        told = {"requeued": result.requeued, "skipped": result.skipped, "unfit": result.unfit}
        print_json({"plan": plan} | told | {"completed_after_interruption": completed})
        return
    if completed:
        click.echo(f"completed first what an earlier run had left: {completed}")
    click.echo(f"requeued {result.requeued} (plan {plan})")
    if result.skipped:
        click.echo(f"passed over {result.skipped} that were no longer dead")
    if result.unfit:
        click.echo(
            f"left {result.unfit} that name no function or have no payload; give them one: "
            "gearmang dead requeue ID --to FUNCTION"
        )
