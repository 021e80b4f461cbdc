"""``gearmang dead edit``."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import click

from gearmang.cli.dead.choice import dead_filter_options, is_given
from gearmang.cli.dead.planning import agreed_plan, plan_options
from gearmang.cli.options import json_option, store_option

if TYPE_CHECKING:
    from gearmang.dead_letters.acting.changing import Change
    from gearmang.dead_letters.acting.mass_editing import Changed
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.rows import Plan
    from gearmang.dead_letters.store.seam import Store


@click.command()
@click.argument("letters", metavar="[ID]...", nargs=-1)
@dead_filter_options
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUE",
    help="Set one value of a JSON payload: size.width=640, tags.0=small. Repeatable.",
)
@click.option(
    "--delete",
    "deletions",
    multiple=True,
    metavar="PATH",
    help="Take one value of a JSON payload away, where it is there. Repeatable.",
)
@click.option("--jq", metavar="EXPR", help="Make of the payload what this jq program gives.")
@click.option("--data", type=click.File("rb"), metavar="FILE", help="The new payload; - is stdin.")
@plan_options
@store_option
@json_option
def edit(
    letters: tuple[str, ...],
    chosen: Filter,
    settings: tuple[str, ...],
    deletions: tuple[str, ...],
    jq: str | None,
    data: IO[bytes] | None,
    plan: str | None,
    yes: bool,
    dry_run: bool,
    reason: str | None,
    store: str,
    as_json: bool,
) -> None:
    """Change payloads of dead letters; what they were is kept.

    One letter by its id, in $EDITOR or by options. Many, by ids or filters, as a plan: three
    differences are shown, and it is carried out once you agree; `gearmang dead undo` takes it back.

    Example: gearmang dead edit --fingerprint 8f14e45fceea --set size.width=640 --dry-run
    """
    from gearmang.dead_letters.acting.changing import Change
    from gearmang.dead_letters.store.seam import Store

    if data is not None and (settings or deletions or jq):
        raise click.UsageError("give --data or another change, not both")
    change = Change(
        data=None if data is None else data.read(),
        settings=_parsed(settings),
        deletions=deletions,
        jq=jq,
    )
    with Store(store) as opened:
        if len(letters) == 1 and not (is_given(chosen) or plan or dry_run):
            _edit_one(opened, letters[0], change, reason, as_json)
            return
        if plan is None and change == Change():
            raise click.UsageError("say what is to change: --set, --delete, --jq or --data")
        if plan is not None and change != Change():
            raise click.UsageError("a plan has its change already; give --plan alone")
        row = agreed_plan(
            opened,
            "edit",
            letters=letters,
            chosen=chosen,
            plan=plan,
            reason=reason,
            yes=yes,
            dry_run=dry_run,
            as_json=as_json,
            change=change,
        )
        if row is not None:
            _edit_many(opened, row, as_json)


def _edit_one(store: Store, letter: str, change: Change, reason: str | None, as_json: bool) -> None:
    from gearmang.dead_letters.acting.changing import Change
    from gearmang.dead_letters.acting.editing import edit as write
    from gearmang.dead_letters.looking.browse import body, find
    from gearmang.masking import masked_text
    from gearmang.terminal import clean_lines

    with store.reading() as connection:
        row = find(connection, letter)
        before = body(connection, row.id).payload
    # No transaction is open while a person thinks.
    after = _in_editor(before) if change == Change() else change.changer()(before)
    with store.writing() as connection:
        row = find(connection, row.death_id)
        told = write(connection, row, before, after, why=reason)
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"id": row.death_id, "changed": bool(told), "difference": masked_text(told)})
    elif told:
        click.echo(clean_lines(masked_text(told)))
    else:
        click.echo("nothing was changed")


def _edit_many(store: Store, plan: Plan, as_json: bool) -> None:
    from gearmang.cli.dead.running import run_of
    from gearmang.dead_letters.acting.mass_editing import edit_letters

    with run_of(store, plan) as (reins, advance):
        done = edit_letters(store, plan, reins=reins, progress=advance)
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"plan": plan.plan} | done._asdict())
        return
    undo = f"gearmang dead undo {plan.plan} takes it back"
    click.echo(f"edited {done.edited} (plan {plan.plan}; {undo})")
    for line in _rest(done):
        click.echo(line)


def _rest(done: Changed) -> list[str]:
    from gearmang.terminal import clean

    lines = []
    if done.unchanged:
        lines.append(f"{done.unchanged} were so already")
    if done.unfit:
        lines.append(clean(f"left {done.unfit} that it cannot be done to, as {done.reason}"))
    if done.skipped:
        lines.append(f"passed over {done.skipped} that were no longer dead")
    return lines


def _parsed(settings: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = [setting.partition("=") for setting in settings]
    for path, equals, _ in pairs:
        if not (path and equals):
            raise click.UsageError(f"--set {path}: write PATH=VALUE")
    return tuple((path, value) for path, _, value in pairs)


def _in_editor(before: bytes) -> bytes:
    """The payload after the operator's editor; JSON is set out for it and must stay JSON."""
    import orjson

    from gearmang.dead_letters.store.errors import NotAllowed

    try:
        text = orjson.dumps(orjson.loads(before), option=orjson.OPT_INDENT_2).decode() + "\n"
        is_json = True
    except ValueError:
        is_json = False
        try:
            text = before.decode("utf-8")
        except UnicodeDecodeError:
            raise NotAllowed("the payload is no text; give a new one with --data FILE") from None
    edited = click.edit(text, extension=".json" if is_json else ".txt")
    if edited is None or edited == text:
        return before
    if not is_json:
        return edited.encode("utf-8")
    try:
        return orjson.dumps(orjson.loads(edited))
    except ValueError as error:
        raise NotAllowed(f"that is no JSON any more, nothing was changed: {error}") from None
