"""``gearmang dead edit``."""

from __future__ import annotations

from typing import IO

import click

from gearmang.cli.options import json_option, store_option


@click.command()
@click.argument("letter", metavar="ID")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUE",
    help="Set one value of a JSON payload: size.width=640, tags.0=small. Repeatable.",
)
@click.option("--data", type=click.File("rb"), metavar="FILE", help="The new payload; - is stdin.")
@click.option("--reason", metavar="TEXT", help="Why, for the event log.")
@store_option
@json_option
def edit(
    letter: str,
    settings: tuple[str, ...],
    data: IO[bytes] | None,
    reason: str | None,
    store: str,
    as_json: bool,
) -> None:
    """Change a dead letter's payload, in $EDITOR or by options; the original is kept.

    Example: gearmang dead edit 3f9a01c2b4-3 --set size.width=640 --reason 'too large'
    """
    from gearmang.dead_letters.acting.editing import edit as change
    from gearmang.dead_letters.acting.editing import with_values
    from gearmang.dead_letters.looking.browse import body, find
    from gearmang.dead_letters.store.seam import Store
    from gearmang.masking import masked_text
    from gearmang.terminal import clean_lines

    if settings and data is not None:
        raise click.UsageError("give --set or --data, not both")
    with Store(store) as opened:
        with opened.reading() as connection:
            row = find(connection, letter)
            before = body(connection, row.id).payload
        # No transaction is open while a person thinks.
        if data is not None:
            after = data.read()
        elif settings:
            after = with_values(before, _parsed(settings))
        else:
            after = _in_editor(before)
        with opened.writing() as connection:
            row = find(connection, row.death_id)
            told = change(connection, row, before, after, why=reason)
    if as_json:
        from gearmang.cli.output import print_json

        print_json({"id": row.death_id, "changed": bool(told), "difference": masked_text(told)})
    elif told:
        click.echo(clean_lines(masked_text(told)))
    else:
        click.echo("nothing was changed")


def _parsed(settings: tuple[str, ...]) -> dict[str, str]:
    pairs = [setting.partition("=") for setting in settings]
    for path, equals, _ in pairs:
        if not (path and equals):
            raise click.UsageError(f"--set {path}: write PATH=VALUE")
    return {path: value for path, _, value in pairs}


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
