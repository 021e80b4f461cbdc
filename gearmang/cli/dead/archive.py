"""``gearmang dead export``, ``gearmang dead import`` and ``gearmang dead copy``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any

import click

from gearmang.cli.dead.choice import filter_options
from gearmang.cli.options import json_option, store_option

if TYPE_CHECKING:
    from gearmang.dead_letters.arriving.letter import Letter
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.store.seam import Store

_LETTERS_A_GROUP = 2_000  # that are imported in one transaction
_BYTES_A_GROUP = 32 * 1024 * 1024  # of payloads that are


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
    from gearmang.dead_letters.looking.history import record
    from gearmang.dead_letters.store.errors import NotAllowed
    from gearmang.dead_letters.store.migrating import migrate
    from gearmang.dead_letters.store.seam import Store
    from gearmang.terminal import clean

    refused: list[str] = []

    def refuse(reason: str) -> None:
        refused.append(reason)
        click.echo(clean(reason), err=True)

    with Store(store) as opened:
        migrate(opened)
        new, seen = _take_in(opened, letters(source, refuse))
        with opened.writing() as connection:
            detail = f"{new} letters from {getattr(source, 'name', 'standard input')}"
            record(connection, "imported", detail=detail)
    told: dict[str, Any] = {"imported": new, "known_before": seen - new}
    _tell(told | ({"refused": refused} if refused else {}), as_json)
    if refused:
        raise NotAllowed(f"{len(refused)} lines are none of export's and were left out")


@click.command()
@click.option("--from", "source", metavar="URL", required=True, help="The store to read.")
@click.option("--to", "target", metavar="URL", required=True, help="The store to copy into.")
@json_option
def copy(source: str, target: str, as_json: bool) -> None:
    """Copy all letters of one store into another, whose tables are made where there are none.

    A death that the other has already stays as it is, so a copy that was cut off can be repeated.

    Example: gearmang dead copy --from /var/lib/gearmang/dead_letters.db --to postgresql://gm@db1/gm
    """
    from gearmang.cli.dead.progress import progress_bar
    from gearmang.dead_letters.acting.exporting import letters, lines
    from gearmang.dead_letters.looking.browse import count
    from gearmang.dead_letters.looking.filters import Filter
    from gearmang.dead_letters.looking.history import record
    from gearmang.dead_letters.store.errors import NotAllowed
    from gearmang.dead_letters.store.migrating import migrate
    from gearmang.dead_letters.store.seam import Store

    everything = Filter(state=None)
    if source == target:
        raise click.UsageError("--from and --to name the same store")

    def refuse(reason: str) -> None:
        raise NotAllowed(f"a letter of {old} cannot be read: {reason}")

    with Store(source) as old, Store(target) as new:
        migrate(new)
        with old.reading() as connection:
            total = count(connection, everything)
            with progress_bar(total, "copied") as advance:
                read = letters(lines(connection, everything), refuse)
                copied, seen = _take_in(new, read, advance)
        with new.writing() as connection:
            record(connection, "copied", detail=f"{copied} letters from {old}")
    if seen != total:
        raise NotAllowed(f"{old} has {total} letters and {seen} were read; copy again")
    _tell({"imported": copied, "known_before": seen - copied}, as_json)


def _take_in(
    store: Store, read: Iterator[Letter], advance: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Store the letters in groups; how many were new, and how many there were."""
    from gearmang.dead_letters.arriving.storing import store_letters

    new = seen = 0
    for group in _groups(read):
        new += len(store_letters(store, group).letters)
        seen += len(group)
        advance(len(group))
    return new, seen


def _groups(read: Iterator[Letter]) -> Iterator[list[Letter]]:
    """The letters in groups that fit into memory."""
    group: list[Letter] = []
    size = 0
    for letter in read:
        group.append(letter)
        size += letter.row["payload_bytes"]
        if len(group) == _LETTERS_A_GROUP or size > _BYTES_A_GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        from gearmang.cli.output import print_json

        print_json(told)
    else:
        click.echo(f"imported {told['imported']}; {told['known_before']} were there already")
