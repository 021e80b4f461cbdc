"""``gearmang dead export`` and ``gearmang dead import``."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import click

from gearmang.cli.dead.choice import filter_options
from gearmang.cli.options import json_option, store_option

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.filters import Filter

_LETTERS_A_GROUP = 200  # that are imported in one transaction


@click.command()
@filter_options
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True),
    help="Where to; readable by owner and group only. Default: standard output.",
)
@store_option
def export(chosen: Filter, output: str | None, store: str) -> None:
    """Write dead letters as JSON lines, one a letter, without loss; secrets are in them.

    Example: gearmang dead export --state all --output letters.jsonl
    """
    from gearmang.dead_letters.acting.exporting import lines
    from gearmang.dead_letters.store.errors import NotAllowed
    from gearmang.dead_letters.store.seam import Store

    count = 0
    try:
        with Store(store) as opened, opened.reading() as connection, _target(output) as target:
            for line in lines(connection, chosen):
                target.write(line)
                count += 1
            target.flush()
            if output is not None:
                os.fsync(target.fileno())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotAllowed(
            f"{output or 'standard output'}: {error.strerror}; export again"
        ) from error
    click.echo(f"exported {count}", err=True)


@contextlib.contextmanager
def _target(output: str | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        return
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
    with os.fdopen(descriptor, "wb") as target:
        yield target


@click.command(name="import")
@click.argument("source", metavar="FILE", type=click.File("rb"))
@store_option
@json_option
def import_letters(source: IO[bytes], store: str, as_json: bool) -> None:
    """Read back what export wrote, from this store or another; - is standard input.

    A death that the store has already stays as it is, so an import that was cut off can be
    repeated. Makes or updates the store's tables. A line that is none of export's is named and
    left out, and the exit code is 1 then.

    Example: gearmang dead import letters.jsonl --store postgresql://gearmang@db1/gearmang
    """
    from gearmang.dead_letters.acting.exporting import letters
    from gearmang.dead_letters.arriving.storing import store_letters
    from gearmang.dead_letters.looking.history import record
    from gearmang.dead_letters.store.errors import NotAllowed
    from gearmang.dead_letters.store.migrating import migrate
    from gearmang.dead_letters.store.seam import Store
    from gearmang.terminal import clean

    new = seen = 0
    refused: list[str] = []
    with Store(store) as opened:
        migrate(opened)
        read = letters(source, refused.append)
        while group := [*itertools.islice(read, _LETTERS_A_GROUP)]:
            new += len(store_letters(opened, group).letters)
            seen += len(group)
        with opened.writing() as connection:
            detail = f"{new} letters from {getattr(source, 'name', 'standard input')}"
            record(connection, "imported", detail=detail)
    told: dict[str, Any] = {"imported": new, "known_before": seen - new}
    if as_json:
        from gearmang.cli.output import print_json

        print_json(told | ({"refused": refused} if refused else {}))
    else:
        click.echo(f"imported {new}; {seen - new} were there already")
    if refused:
        for line in refused:
            click.echo(clean(line), err=True)
        raise NotAllowed(f"{len(refused)} lines are none of export's and were left out")
