"""``gearmang submit``: queue a job, or one for each line of a file."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import click
import orjson

from gearmang.cli.options import json_option, servers_option
from gearmang.cli.times import Span
from gearmang.cli.tls import tls_options
from gearmang.errors import GearmangError
from gearmang.job.client import DEFAULT_PATIENCE, Client
from gearmang.job.submission import Priority, Submission
from gearmang.protocol.server import Server
from gearmang.protocol.wire import LARGEST_PAYLOAD


@click.command()
@click.argument("function")
@click.option("--data", metavar="JSON", help="The job's data.")
@click.option("--file", type=click.File("rb"), help="Each line is the data of one job; -: stdin.")
@click.option("--raw", is_flag=True, help="Take the data as bytes, whether JSON or not.")
@click.option("--unique", help="Join a job that has this key, if it is queued or running.")
@click.option("--priority", type=click.Choice(["high", "normal", "low"]), default="normal",
              show_default=True)  # fmt: skip
@click.option("--delay", type=Span(), help="Do not start before this time has passed, as in 3s.")
@click.option("--wait", is_flag=True, help="Wait for the result and print it.")
@click.option("--timeout", type=Span(), default=DEFAULT_PATIENCE, show_default="1m",
              help="With --wait: how long each job may take.")  # fmt: skip
@click.option("--max-payload", type=click.IntRange(1), metavar="BYTES", default=LARGEST_PAYLOAD,
              show_default="256 MiB", help="Refuse larger data.")  # fmt: skip
@servers_option
@tls_options
@json_option
def submit(
    function: str,
    data: str | None,
    file: IO[bytes] | None,
    raw: bool,
    unique: str | None,
    priority: Priority,
    delay: float | None,
    wait: bool,
    timeout: float,
    max_payload: int,
    servers: tuple[Server, ...],
    as_json: bool,
) -> None:
    """Queue a job in the background; exit 1 unless gearmand said that it has it.

    With --wait the result goes to stdout. Exit codes then: 0 done; 1 it failed, and stderr says
    why; 75 it is not known what became of it: no result in time, or the server was lost.

    \b
    Examples:
      gearmang submit resize --data '{"picture": "/tmp/cat.png"}'
      gearmang submit resize --data '{"picture": "/tmp/cat.png"}' --wait --timeout 30s
    """
    if (data is None) == (file is None):
        raise click.UsageError("give --data JSON or --file FILE")
    if file is not None and unique is not None:
        raise click.UsageError("--unique is for a single job")
    if wait and delay is not None:
        raise click.UsageError("--delay is for jobs in the background; leave out --wait")
    at = None if delay is None else time.time() + delay
    with Client(servers, max_payload=max_payload) as client:
        try:
            if wait:
                jobs = (
                    Submission(function, payload, unique, priority)
                    for payload in _payloads(data, file, raw)
                )
                sys.exit(_wait(client, jobs, timeout, as_json, only=file is None))
            if file is not None:
                accepted = 0
                with _progress(file) as bar:
                    for lines in _batches(_lines(file, raw, bar.update), file):
                        accepted += client.submit_many(
                            Submission(function, line, None, priority, at) for line in lines
                        )
                _print_count(accepted, as_json)
                return
            (payload,) = _payloads(data, None, raw)
            submitted = client.submit(function, payload, unique=unique, priority=priority, at=at)
        except ValueError as error:
            raise GearmangError(str(error)) from None
    if as_json:
        from gearmang.cli.output import print_json

        print_json(submitted._asdict() | {"server": str(submitted.server)})
    else:
        joined = ", joined: a job with this key was there" if submitted.joined else ""
        print(f"{submitted.job_id or '-'} {submitted.handle} on {submitted.server}{joined}")


def _wait(
    client: Client, jobs: Iterator[Submission], timeout: float, as_json: bool, *, only: bool
) -> int:
    from gearmang.cli import waiting

    if only:
        return waiting.wait_for_one(client, next(jobs), timeout, as_json)
    return waiting.wait_for_each(client, jobs, timeout, as_json)


def _payloads(data: str | None, file: IO[bytes] | None, raw: bool) -> Iterator[bytes]:
    if file is not None:
        yield from _lines(file, raw, lambda _: None)
    else:
        yield _checked((data or "").encode("utf-8", "surrogateescape"), raw)


def _progress(file: IO[bytes]) -> Any:
    """A bar over the bytes of the file; shown on a terminal only."""
    status = os.fstat(file.fileno())
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    hidden = not (size and sys.stderr.isatty())
    return click.progressbar(length=size or 0, label="queueing", file=sys.stderr, hidden=hidden)


def _batches(lines: Iterator[bytes], file: IO[bytes]) -> Iterator[Iterator[bytes]]:
    """All lines at once of a file; of a pipe each as it comes, so that none waits for the next."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        yield lines
        return
    for line in lines:
        yield iter((line,))


def _lines(file: IO[bytes], raw: bool, read: Callable[[int], None]) -> Iterator[bytes]:
    for number, line in enumerate(file, 1):
        read(len(line))
        stripped = line.rstrip(b"\r\n")
        if stripped:
            yield _checked(stripped, raw, f"line {number}: ")


def _checked(payload: bytes, raw: bool, where: str = "") -> bytes:
    """The payload as it is, once it is known to be what the user said."""
    if not raw:
        try:
            orjson.loads(payload)
        except ValueError as error:
            raise GearmangError(
                f"{where}the data is no JSON ({error}); quote it, or give --raw"
            ) from None
    return payload


def _print_count(accepted: int, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(f'{{"accepted": {accepted}}}\n')
    else:
        print(f"{accepted} jobs are queued")
