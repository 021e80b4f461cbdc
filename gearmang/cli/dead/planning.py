"""From ids or filters to a plan that the operator has agreed to: shared by all bulk actions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gearmang.cli.dead import wording
from gearmang.cli.dead.choice import is_given

if TYPE_CHECKING:
    from gearmang.dead_letters.acting.changing import Change
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.rows import DeadLetter, Plan
    from gearmang.dead_letters.store.seam import Store


def plan_options(command: Any) -> Any:
    """``--plan``, ``--yes``, ``--dry-run`` and ``--reason``."""
    for option in (
        click.option("--reason", metavar="TEXT", help="Why, for the event log."),
        click.option("--dry-run", is_flag=True, help="Make the plan, carry nothing out."),
        click.option("--yes", is_flag=True, help="Carry it out without asking."),
        click.option("--plan", metavar="PLAN", help="Carry out, or go on with, an earlier plan."),
    ):
        command = option(command)
    return command


def check_choice(letters: Sequence[str], chosen: Filter, plan: str | None) -> None:
    """Letters are chosen in one way.

    Raises:
        click.UsageError: neither by ids nor by filters nor by a plan, or by several of them.
    """
    if sum(map(bool, (letters, is_given(chosen), plan))) != 1:
        raise click.UsageError("give ids of dead letters, or filters, or --plan")


def agreed_plan(
    store: Store,
    action: str,
    *,
    letters: Sequence[str],
    chosen: Filter,
    plan: str | None,
    reason: str | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    to: str | None = None,
    change: Change | None = None,
) -> Plan | None:
    """The plan to carry out now; None after a dry run.

    A few letters named by their ids need no second question; what a filter chooses does, and so
    does an edit of several, whose first differences are shown.

    Raises:
        click.UsageError: neither ids nor filters nor a plan, or several of them.
        NotAllowed: nothing to do, or nobody there to agree to a bulk action.
    """
    from gearmang.dead_letters.acting import plans
    from gearmang.dead_letters.looking.browse import find
    from gearmang.dead_letters.store.errors import NotAllowed

    check_choice(letters, chosen, plan)
    if plan:
        with store.reading() as connection:
            row = plans.get(connection, plan)
        if row.action != action:
            raise NotAllowed(f"plan {row.plan} is to {row.action}, not to {action}")
    else:
        with store.writing() as connection:
            ids = [_dead(find(connection, letter)).id for letter in letters] or None
            row = plans.propose(
                connection,
                action,
                ids=ids,
                chosen=chosen,
                told=_told(letters, chosen, change),
                why=reason,
                function=to,
                change=None if change is None else change.written(),
            )
            if not row.letters:
                raise NotAllowed(f"no dead letter fits {chosen.told()}; nothing to {action}")
    if not letters or action == "edit":
        _print_plan(store, row, quiet=as_json)
    if dry_run:
        if as_json:
            _print_json(store, row)
        return None
    if not yes and (not letters or action == "edit"):
        _ask(row)
    return row


def _told(letters: Sequence[str], chosen: Filter, change: Change | None) -> str:
    told = " ".join(letters) or chosen.told()
    return told if change is None else f"{told}: {change.told()}"


def _dead(letter: DeadLetter) -> DeadLetter:
    from gearmang.dead_letters.store.errors import NotAllowed

    if letter.state != "dead":
        by = f" by plan {letter.plan}" if letter.plan else ""
        told = f"letter {letter.death_id} is not dead any more: it was {letter.state}{by}"
        raise NotAllowed(told)
    return letter


def _print_plan(store: Store, row: Plan, *, quiet: bool) -> None:
    from gearmang.dead_letters.acting.plans import causes_of
    from gearmang.terminal import clean, clean_lines

    with store.reading() as connection:
        shares = causes_of(connection, row.plan)
    click.echo(f"plan {row.plan}: {row.action} {wording.letters(row.letters)}", err=quiet)
    for share in shares:
        text = f"{share.letters:>9} {share.fingerprint} {share.function} {share.error_type}"
        click.echo(clean(text), err=quiet)
    rest = row.letters - sum(share.letters for share in shares)
    if rest > 0:
        click.echo(f"{rest:>9} of other causes", err=quiet)
    for sample in _samples(store, row):
        head = f"{sample['id']}: {sample['refused'] or ''}".rstrip(": ")
        click.echo(clean_lines(f"{head}\n{sample['difference']}".rstrip()), err=quiet)


def _samples(store: Store, row: Plan) -> list[dict[str, Any]]:
    """What an edit would do to the first letters of its plan, masked; nothing of other plans."""
    from gearmang.dead_letters.acting.mass_editing import samples
    from gearmang.masking import masked_text

    if row.action != "edit":
        return []
    with store.reading() as connection:
        return [
            {
                "id": sample.death_id,
                "difference": masked_text(sample.difference),
                "refused": sample.refused,
            }
            for sample in samples(connection, row)
        ]


def _print_json(store: Store, row: Plan) -> None:
    from gearmang.cli.output import print_json
    from gearmang.dead_letters.acting.plans import causes_of

    with store.reading() as connection:
        causes = [share._asdict() for share in causes_of(connection, row.plan)]
    told = {"plan": row.plan, "action": row.action, "letters": row.letters, "state": row.state}
    told |= {"causes": causes}
    print_json(told | ({"samples": _samples(store, row)} if row.action == "edit" else {}))


def _ask(row: Plan) -> None:
    from gearmang.dead_letters.store.errors import NotAllowed

    later = f"`gearmang dead {row.action} --plan {row.plan} --yes` does it"
    if not sys.stdin.isatty():
        raise NotAllowed(f"nothing was done, as nobody is here to agree: {later}")
    if not click.confirm(f"{row.action} {wording.letters(row.letters)}?", err=True):
        raise NotAllowed(f"nothing was done; {later}")
