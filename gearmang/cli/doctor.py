"""``gearmang doctor``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from gearmang.cli.options import json_option, servers_option, store_option
from gearmang.protocol.server import Server

_COLOURS = {"ok": "green", "bad": "red", "unknown": "yellow"}


@click.command("doctor")
@click.option(
    "--spool",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="GEARMANG_SPOOL",
    metavar="DIR",
    help="The workers' spool folder ($GEARMANG_SPOOL).",
)
@click.option(
    "--records",
    type=click.Path(path_type=Path),
    envvar="GEARMANG_RECORDS",
    default="/var/log/gearmang/tasks",
    metavar="DIR",
    help="The folder of task records ($GEARMANG_RECORDS).",
)
@servers_option
@store_option
@json_option
def examine(
    spool: Path | None, records: Path, servers: tuple[Server, ...], store: str, as_json: bool
) -> None:
    """Look at all parts on this host: servers, store, collector, records, monitors, units.

    One line a question, with what to do; exits 1 when an answer is bad.

    Example: gearmang doctor --server gm1:4730
    """
    from gearmang.cli.output import print_json
    from gearmang.terminal import clean

    findings = []
    for verdict, question, answer in _findings(spool, records, servers, store):
        findings.append({"verdict": verdict, "question": question, "answer": answer})
        if not as_json:
            told = click.style(f"{verdict:<8}", fg=_COLOURS[verdict])
            click.echo(f"{told}{clean(f'{question}: {answer}')}")
    if as_json:
        print_json(findings)
    if any(finding["verdict"] == "bad" for finding in findings):
        sys.exit(1)


def _findings(
    spool: Path | None, records: Path, servers: Sequence[Server], store: str
) -> Iterator[tuple[str, str, str]]:
    from gearmang.cli.surroundings import surroundings
    from gearmang.dead_letters.looking.diagnosis import diagnose
    from gearmang.dead_letters.store.errors import StoreError
    from gearmang.dead_letters.store.seam import Store

    try:
        with Store(store) as opened:
            yield from diagnose(opened, servers, spool)
    except StoreError as error:
        yield "bad", "store can be opened", str(error)
    yield from surroundings(records)
