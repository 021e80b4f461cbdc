"""``gearmang dead replay``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gearmang.cli.options import json_option, store_option
from gearmang.cli.times import Span

if TYPE_CHECKING:
    from gearmang.worker.replay import Replayed


@click.command()
@click.argument("letter", metavar="ID")
@click.option(
    "--worker", "target", required=True, metavar="MODULE:FUNCTION", help="The code to run it with."
)
@click.option("--time-limit", type=Span(), help="As for gearmang work: 30s.")
@click.option(
    "--pytest",
    "test",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Run nothing; write a test that replays the job.",
)
@store_option
@json_option
def replay(
    letter: str,
    target: str,
    time_limit: float | None,
    test: Path | None,
    store: str,
    as_json: bool,
) -> None:
    """Run a dead job here, in a process of its own, without gearmand; the letter stays dead.

    Exits 0 when the job succeeds, 1 when it dies again.

    Example: gearmang dead replay 3f9a01c2b4-3 --worker thumbnails:resize --time-limit 30s
    """
    from gearmang.dead_letters.acting.fixture import as_test
    from gearmang.dead_letters.looking.browse import body, envelope_of, find
    from gearmang.dead_letters.store.errors import NotAllowed
    from gearmang.dead_letters.store.seam import Store

    with Store(store) as opened, opened.reading() as connection:
        row = find(connection, letter)
        envelope = envelope_of(row, body(connection, row.id))
    function = envelope.function or ""
    if test is not None:
        try:
            with test.open("x", encoding="ascii") as target_file:
                target_file.write(as_test(envelope, target=target, function=function))
        except OSError as error:
            raise NotAllowed(f"{test} cannot be written: {error.strerror}") from error
        click.echo(f"wrote {test}; run it with: pytest {test}", err=as_json)
        return
    from gearmang.worker.replay import replay as run

    replayed = run(target, envelope, function=function, time_limit=time_limit)
    if as_json:
        from gearmang.cli.output import print_json

        told = {"id": row.death_id, "succeeded": replayed.dossier is None}
        dossier = replayed.dossier.to_dict() if replayed.dossier else None
        result = (replayed.result or b"").decode("utf-8", "surrogateescape")
        print_json(told | {"result": result, "dossier": dossier})
    else:
        _print(replayed)
    if replayed.dossier is not None:
        sys.exit(1)


def _print(replayed: Replayed) -> None:
    from gearmang.masking import masked_text
    from gearmang.terminal import clean, clean_lines

    dossier = replayed.dossier
    if dossier is None:
        result = (replayed.result or b"").decode("utf-8", "surrogateescape")
        click.echo(f"it succeeded{': ' + clean(result[:500]) if result else ''}")
        return
    click.echo(f"it died again ({clean(dossier.outcome)})")
    for text in (dossier.traceback, dossier.stderr):
        if text:
            click.echo(clean_lines(masked_text(text.rstrip())))
    click.echo(clean(masked_text(f"{dossier.error_type}: {dossier.error_message}")))
