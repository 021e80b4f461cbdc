"""``gearmang dead note``, ``assign``, ``link`` and ``snooze``: what people say of a cause."""

from __future__ import annotations

import click

from gearmang.cli.options import store_option
from gearmang.cli.times import Until
from gearmang.durations import told


@click.command()
@click.argument("fingerprint")
@click.argument("text")
@store_option
def note(fingerprint: str, text: str, store: str) -> None:
    """Write something down about a cause; an empty text takes it away.

    Example: gearmang dead note 8f14e45fceea 'the image server sends HTML at night'
    """
    _annotate(fingerprint, "note", text, store)


@click.command()
@click.argument("fingerprint")
@click.argument("who")
@store_option
def assign(fingerprint: str, who: str, store: str) -> None:
    """Say who looks after a cause; '' for nobody.

    Example: gearmang dead assign 8f14e45fceea anna
    """
    _annotate(fingerprint, "assigned", who, store)


@click.command()
@click.argument("fingerprint")
@click.argument("url")
@store_option
def link(fingerprint: str, url: str, store: str) -> None:
    """Say where a cause is worked on; '' takes it away.

    Example: gearmang dead link 8f14e45fceea https://tracker/THUMB-17
    """
    _annotate(fingerprint, "link", url, store)


@click.command()
@click.argument("fingerprint")
@click.argument("end", metavar="UNTIL|COUNT|off")
@click.option("--reason", metavar="TEXT", help="Why, for the event log.")
@store_option
def snooze(fingerprint: str, end: str, reason: str | None, store: str) -> None:
    """Let a cause alert nobody, in notices and checks, for a while.

    UNTIL is a span from now (2h, 3d) or a date; COUNT is a bare number: until so many more letters
    of it have arrived. off ends it. Its letters are stored, counted and listed as ever.

    Example: gearmang dead snooze 8f14e45fceea 3d --reason 'mended in the next release'
    """
    from gearmang.dead_letters.acting.caring import snooze as quiet
    from gearmang.dead_letters.looking.causes import find_cause
    from gearmang.dead_letters.store.seam import Store

    until = letters = None
    if end.isdecimal():
        letters = int(end)
    elif end != "off":
        until = Until().convert(end, None, None)
    with Store(store) as opened, opened.writing() as connection:
        name = find_cause(connection, fingerprint).fingerprint
        quiet(connection, name, until=until, letters=letters, why=reason)
    if until is not None:
        click.echo(f"{name} alerts nobody until {told(until)}")
    elif letters is not None:
        click.echo(f"{name} alerts nobody until {letters} more letters of it have arrived")
    else:
        click.echo(f"{name} alerts again")


def _annotate(fingerprint: str, what: str, text: str, store: str) -> None:
    from gearmang.dead_letters.acting.caring import annotate
    from gearmang.dead_letters.looking.causes import find_cause
    from gearmang.dead_letters.store.seam import Store
    from gearmang.terminal import clean

    with Store(store) as opened, opened.writing() as connection:
        name = find_cause(connection, fingerprint).fingerprint
        annotate(connection, name, what, text)
    click.echo(clean(f"{name} {what}: {text or 'nothing'}"))
