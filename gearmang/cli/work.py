"""``gearmang work``: run a worker, or several."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from gearmang.cli.logs_of_worker import log_format_option, log_to_stderr, metrics_option
from gearmang.cli.options import servers_option
from gearmang.cli.sizes import SIZE
from gearmang.cli.times import Span
from gearmang.cli.tls import tls_options
from gearmang.worker.loading import Target
from gearmang.worker.options import (
    DEFAULT_ATTEMPTS,
    DEFAULT_BREAKER,
    DEFAULT_GRACE,
    DEFAULT_LIFETIME,
    DEFAULT_MAX_PAYLOAD,
    WorkerOptions,
)

TIME = Span()
MOST_SLOTS = 1024


class SlotsType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """``4``, or ``2..16``: the least and the most slots; the most is 0 where there is one."""

    name = "N|N..M"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read it."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"([0-9]{1,4})(?:\.\.([0-9]{1,4}))?", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is no number of slots; write 4, or 2..16", param, ctx)
        least, most = int(match[1]), int(match[2] or 0)
        if not 1 <= least <= MOST_SLOTS or (match[2] and not least <= most <= MOST_SLOTS):
            self.fail(f"{value!r} is not within 1..{MOST_SLOTS}", param, ctx)
        return least, most


@click.command()
@click.argument("target", metavar="MODULE:FUNCTION", required=False)
@click.option("--exec", "command", metavar="COMMAND",
              help="Run this for each job: its data on stdin, its result on stdout.")  # fmt: skip
@click.option("--exec-persistent", "persistent", metavar="COMMAND",
              help="Run this once; it gets job after job, in frames.")  # fmt: skip
@click.option("--function", required=True, metavar="NAME", help="The name that jobs queue under.")
@servers_option
@tls_options
@click.option("--processes", type=SlotsType(), default="1", show_default=True, metavar="N|N..M",
              help="Run so many jobs at once; of 2..16 more while jobs wait.")  # fmt: skip
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
@click.option("--max-payload", type=SIZE, default=DEFAULT_MAX_PAYLOAD, show_default="256M",
              help="Make a dead letter, without its payload, of a larger job.")  # fmt: skip
@click.option("--records", type=click.Path(path_type=Path), metavar="DIR",
              envvar="GEARMANG_RECORDS", show_envvar=True,
              help="Write a JSON record of each attempt here.")  # fmt: skip
@click.option("--ready-file", type=click.Path(path_type=Path), metavar="FILE",
              envvar="GEARMANG_READY_FILE", show_envvar=True,
              help="Write this once all is registered; see `gearmang ready`.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Log each attempt that succeeds, too.")
@click.option("--reload", is_flag=True,
              help="Restart when a .py below this folder changes; for development.")  # fmt: skip
@metrics_option
@log_format_option
def work(
    records: Path | None, log_format: str, metrics: str | None, reload: bool, **given: Any
) -> None:
    """Run a worker that survives the jobs that kill it.

    Exit codes: 0 its lifetime or a signal ended it; 1 it cannot work; 2 bad options; 75 the grace
    ran out and the running job was given back.

    \b
    Examples:
      gearmang work images:resize --function resize --time-limit 30s --max-memory 512M
      gearmang work --exec 'php /srv/resize.php' --function resize --processes 4
    """
    options = options_of(**given)
    if records is not None:
        import log_shipping

        log_shipping.configure(path=records)  # executors inherit it
    log_to_stderr(log_format)
    if reload:
        from gearmang.worker.fleet.code import stamp_of
        from gearmang.worker.fleet.foreman import Foreman
        from gearmang.worker.fleet.pool import PoolPlan

        plan = PoolPlan(options.function, options)
        sys.exit(Foreman(lambda: [plan], metrics=metrics, stamp=stamp_of).run())
    from gearmang.worker.supervisor import Supervisor

    sys.exit(Supervisor(options, metrics=metrics).run())


def options_of(
    *,
    target: str | None,
    command: str | None,
    persistent: str | None,
    processes: tuple[int, int],
    **given: Any,
) -> WorkerOptions:
    """The options of a worker, from those of the command line.

    Raises:
        click.UsageError: they cannot be.
        CannotLoad: there is no such program.
    """
    code = _code(target, command, persistent)
    if not isinstance(code, str):
        given["keep_after_failure"] = True  # the command has failed, not its executor
    least, most = processes
    try:
        return WorkerOptions(target=code, processes=least, most=most, **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _code(target: str | None, command: str | None, persistent: str | None) -> Target:
    """What runs the jobs, of the three ways to say it."""
    if sum(way is not None for way in (target, command, persistent)) != 1:
        raise click.UsageError(
            "give one of MODULE:FUNCTION, --exec COMMAND and --exec-persistent COMMAND"
        )
    if command is not None:
        from gearmang.worker.oneshot import CommandLine

        return CommandLine(command)
    if persistent is not None:
        from gearmang.worker.persistent import Persistent

        return Persistent(persistent)
    if ":" not in (target or ""):
        raise click.UsageError(f"{target!r} names no code; write MODULE:FUNCTION")
    return target or ""
