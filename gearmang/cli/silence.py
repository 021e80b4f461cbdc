"""``gearmang silence``."""

from __future__ import annotations

import click

from gearmang.cli.late import LateGroup
from gearmang.cli.options import json_option, store_option
from gearmang.cli.times import Until
from gearmang.durations import iso, told

_COMMANDS = {
    # name: (module, attribute, what it does)
    "end": ("gearmang.cli.silence", "end", "End a silence before its time."),
    "list": ("gearmang.cli.silence", "list_silences", "Who is silent now, until when, and why."),
    "set": ("gearmang.cli.silence", "set_silence", "Let functions or servers alert nobody."),
}


@click.command(cls=LateGroup, late=_COMMANDS)
def silence() -> None:
    """Let functions or servers alert nobody for a while, in checks and notices.

    Example: gearmang silence set 2h --function 'resize*' --reason 'the image server moves'
    """


@click.command(name="set")
@click.argument("until", type=Until())
@click.option("--function", "functions", metavar="GLOB", multiple=True, help="Repeatable.")
@click.option(
    "--server", "servers", metavar="GLOB", multiple=True, help="HOST:PORT, gm1:*. Repeatable."
)
@click.option("--reason", metavar="TEXT", required=True, help="Why; the checks say it.")
@store_option
@json_option
def set_silence(
    until: float,
    functions: tuple[str, ...],
    servers: tuple[str, ...],
    reason: str,
    store: str,
    as_json: bool,
) -> None:
    """Let functions or servers alert nobody until then: a span from now (2h, 3d) or a date.

    check_gearmang_dead_letters counts their letters as kept, not as arrived or new; no notice
    tells of them; other checks read it with --silences. Letters are stored and listed as ever.

    Example: gearmang silence set 2h --server 'gm2:*' --reason 'a new kernel'
    """
    from gearmang.dead_letters.acting.silencing import silence as quiet
    from gearmang.dead_letters.store.seam import Store
    from gearmang.dead_letters.store.silences import FUNCTION, SERVER
    from gearmang.terminal import clean

    wanted = [(FUNCTION, glob) for glob in functions] + [(SERVER, glob) for glob in servers]
    if not wanted:
        raise click.UsageError("say who is to be silent: --function or --server")
    with Store(store) as opened, opened.writing() as connection:
        made = [quiet(connection, kind, glob, until=until, why=reason) for kind, glob in wanted]
    if as_json:
        from gearmang.cli.output import print_json

        print_json([one._asdict() | {"until": iso(one.until)} for one in made])
        return
    for one in made:
        click.echo(clean(f"{one.silence}: {one.kind} {one.glob} is silent until {told(one.until)}"))


@click.command(name="list")
@store_option
@json_option
def list_silences(store: str, as_json: bool) -> None:
    """Who is silent now, until when, by whom and why.

    Example: gearmang silence list
    """
    from gearmang.cli.columns import columns
    from gearmang.dead_letters.acting.silencing import silent
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.reading() as connection:
        found = silent(connection)
    if as_json:
        from gearmang.cli.output import print_json

        print_json([one._asdict() | {"until": iso(one.until)} for one in found])
        return
    if not found:
        click.echo("nobody is silent")
        return
    heads = ("SILENCE", "OF", "GLOB", "UNTIL", "WHO", "WHY")
    rows = [(one.silence, one.kind, one.glob, told(one.until), one.who, one.why) for one in found]
    for line in columns(heads, rows, right=0):
        click.echo(line)


@click.command()
@click.argument("silence")
@store_option
@json_option
def end(silence: str, store: str, as_json: bool) -> None:
    """End a silence before its time.

    Example: gearmang silence end 3f9a01
    """
    from gearmang.dead_letters.acting.silencing import end as stop
    from gearmang.dead_letters.store.seam import Store
    from gearmang.terminal import clean

    with Store(store) as opened, opened.writing() as connection:
        ended = stop(connection, silence)
    if as_json:
        from gearmang.cli.output import print_json

        print_json(ended._asdict() | {"until": iso(ended.until)})
    else:
        click.echo(clean(f"{ended.kind} {ended.glob} alerts again"))
