"""``gearmang work``: run a worker, or several."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import click

from gearmang.cli.options import servers_option
from gearmang.protocol.server import Server
from gearmang.worker.options import (
    DEFAULT_ATTEMPTS,
    DEFAULT_BREAKER,
    DEFAULT_GRACE,
    DEFAULT_LIFETIME,
    WorkerOptions,
)

_UNITS = {
    "time": ({"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}, "90, 500ms, 5m, 1h"),
    "size": (
        {"": 1, "k": 2.0**10, "m": 2.0**20, "g": 2.0**30, "t": 2.0**40},
        "bytes, or 512M, 2G",
    ),
}


class _Amount(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A number with a unit."""

    def __init__(self, kind: str) -> None:
        self.name = kind.upper()
        self._units, self._examples = _UNITS[kind]

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if not isinstance(value, str):
            return float(value)
        text = value.strip().lower()
        number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = text[len(number) :]
        if self.name == "SIZE":
            unit = unit.removesuffix("ib").removesuffix("b")
        try:
            amount = float(number) * (self._units[unit] if unit else 1.0)
        except (ValueError, KeyError):
            self.fail(f"{value!r} is no {self.name.lower()}; write {self._examples}", param, ctx)
        if not 0 <= amount < float("inf"):
            self.fail(f"{value!r} is out of range", param, ctx)
        return amount


TIME = _Amount("time")
SIZE = _Amount("size")


@click.command()
@click.argument("target", metavar="MODULE:FUNCTION")
@click.option("--function", required=True, metavar="NAME", help="The name that jobs queue under.")
@servers_option
@click.option("--processes", type=click.IntRange(1, 1024), default=1, show_default=True,
              help="Run so many workers, each with its executor.")  # fmt: skip
@click.option("--attempts", type=click.IntRange(1), default=DEFAULT_ATTEMPTS, show_default=True,
              help="How often a job is tried before it is a dead letter.")  # fmt: skip
@click.option("--backoff", type=TIME, help="Wait before the second attempt, doubled for each more.")
@click.option("--time-limit", type=TIME,
              help="Raise TimeLimitExceeded in the job; 5 s later kill its executor.")  # fmt: skip
@click.option("--max-jobs", type=click.IntRange(1), help="Replace the executor after so many jobs.")
@click.option("--max-memory", type=SIZE, help="Kill a job whose executor has grown to this.")
@click.option("--keep-after-failure", is_flag=True, help="Keep the executor of a job that raised.")
@click.option("--lifetime", type=TIME, default=DEFAULT_LIFETIME, show_default="5m",
              help="End between jobs after this time, ±10 %; 0: never.")  # fmt: skip
@click.option("--grace", type=TIME, default=DEFAULT_GRACE, show_default="25s",
              help="What a running job has to end after SIGTERM.")  # fmt: skip
@click.option("--reply-only", is_flag=True,
              help="Answer failures to the caller; neither requeue nor store them.")  # fmt: skip
@click.option("--no-retry", multiple=True, metavar="EXCEPTION",
              help="Dead letter at once after this exception; repeatable.")  # fmt: skip
@click.option("--breaker", type=click.IntRange(0), default=DEFAULT_BREAKER, show_default=True,
              help="So many like crashes in a minute end their retries; 0: never.")  # fmt: skip
@click.option("--spool", type=click.Path(path_type=Path), metavar="DIR",
              help="Keep copies here that gearmand refuses.")  # fmt: skip
@click.option("--records", type=click.Path(path_type=Path), metavar="DIR",
              envvar="GEARMANG_RECORDS", show_envvar=True,
              help="Write a JSON record of each attempt here.")  # fmt: skip
def work(
    target: str,
    servers: tuple[Server, ...],
    processes: int,
    records: Path | None,
    **given: Any,
) -> None:
    """Run a worker that survives the jobs that kill it.

    Exit codes: 0 its lifetime or a signal ended it; 1 it cannot work; 2 bad options; 75 the grace
    ran out and the running job was given back.

    Example: gearmang work images:resize --function resize --time-limit 30s --max-memory 512M
    """
    if given["max_memory"] is not None:
        given["max_memory"] = int(given["max_memory"])
    if ":" not in target:
        raise click.UsageError(f"{target!r} names no code; write MODULE:FUNCTION")
    try:
        options = WorkerOptions(target=target, servers=servers, **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if records is not None:
        import log_shipping

        log_shipping.configure(path=records)  # executors inherit it
    logging.basicConfig(
        format="%(asctime)s gearmang[%(process)d] %(levelname)s %(message)s",
        level=logging.INFO,
        stream=sys.stderr,
    )
    if processes > 1:
        from gearmang.worker.siblings import Siblings

        sys.exit(Siblings(options, processes).run())
    from gearmang.worker.supervisor import Supervisor

    sys.exit(Supervisor(options).run())
