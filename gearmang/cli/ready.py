"""``gearmang ready``: whether a worker is at work, for probes of containers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click

from gearmang.cli.times import Span
from gearmang.cli.tls import tls_options
from gearmang.errors import GearmangError

PAUSE: Final = 0.1  # seconds between two looks


@click.command()
@click.option("--ready-file", type=click.Path(path_type=Path), metavar="FILE", required=True,
              envvar="GEARMANG_READY_FILE", show_envvar=True,
              help="The file that the worker was given.")  # fmt: skip
@click.option("--timeout", type=Span(least=0.01), default=2.0, show_default="2s",
              help="Look for so long before saying no.")  # fmt: skip
@tls_options
def ready(ready_file: Path, timeout: float) -> None:
    """Exit 0 when every slot of a worker is registered at every server that answers.

    The worker says in its --ready-file who it is; the servers are asked, all at once. Exits 1, with
    what is missing, when a slot is not registered or no server answers.

    Example: gearmang ready --ready-file /tmp/ready
    """
    from gearmang.protocol.server import Server
    from gearmang.watch.poll import poll
    from gearmang.worker.readiness import Readiness

    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        told = Readiness.read(ready_file)
        servers = [Server.parse(server) for server in told.servers]
        answers = poll(servers, timeout=max(left, PAUSE))
        lacking = told.lacking(answers)
        if lacking is None:
            print(f"{told.function}: {told.slots} of {told.slots} slots are registered")
            return
        if time.monotonic() + PAUSE >= deadline:
            raise GearmangError(lacking)
        time.sleep(PAUSE)
