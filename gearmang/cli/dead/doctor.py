"""``gearmang dead doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gearmang.cli.options import json_option, servers_option, store_option
from gearmang.cli.tls import tls_options
from gearmang.protocol.server import Server

_COLOURS = {"ok": "green", "bad": "red", "unknown": "yellow"}


@click.command()
@click.option(
    "--spool",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="GEARMANG_SPOOL",
    metavar="DIR",
    help="The workers' spool folder ($GEARMANG_SPOOL).",
)
@servers_option
@tls_options
@store_option
@json_option
def doctor(spool: Path | None, servers: tuple[Server, ...], store: str, as_json: bool) -> None:
    """Look for what keeps dead letters from being stored, found or sent back.

    One line a question; exits 1 when an answer is bad.

    Example: gearmang dead doctor --server gm1:4730 --spool /var/spool/gearmang
    """
    from gearmang.cli.output import print_json
    from gearmang.dead_letters.looking.diagnosis import diagnose
    from gearmang.dead_letters.store.seam import Store
    from gearmang.terminal import clean

    findings = []
    with Store(store) as opened:
        for finding in diagnose(opened, servers, spool):
            findings.append(finding)
            if not as_json:
                verdict = click.style(f"{finding.verdict:<8}", fg=_COLOURS[finding.verdict])
                click.echo(f"{verdict}{clean(f'{finding.question}: {finding.answer}')}")
    if as_json:
        print_json([finding._asdict() for finding in findings])
    if any(finding.verdict == "bad" for finding in findings):
        sys.exit(1)
