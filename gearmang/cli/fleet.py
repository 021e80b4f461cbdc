"""``gearmang fleet``: all pools of one file as one process tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gearmang.cli.logs_of_worker import log_format_option, log_to_stderr, metrics_option

if TYPE_CHECKING:
    from gearmang.worker.fleet.pool import PoolPlan

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_CONFIG = "/etc/gearmang/fleet.toml"


def _config_option(default: str | None) -> Callable[[Command], Command]:
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        default=default,
        show_default=DEFAULT_CONFIG,
        help="The pools, as TOML; docs/fleet.md tells what is in it.",
    )


@click.group(invoke_without_command=True)
@_config_option(DEFAULT_CONFIG)
@log_format_option
@metrics_option
@click.pass_context
def fleet(context: click.Context, config: Path, log_format: str, metrics: str | None) -> None:
    """Run the pools of a file, each with a supervisor, as one process tree.

    SIGHUP, or `gearmang fleet reload`, takes a changed file and new code by a rolling restart.

    Exit codes: 0 a signal ended it; 1 it cannot work, or a reload failed; 2 bad options; 75 the
    grace ran out and running jobs were given back.

    \b
    Examples:
      gearmang fleet --config /etc/gearmang/fleet.toml
      gearmang fleet check && gearmang fleet reload
    """
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    from functools import partial

    from gearmang.cli.pools import read_pools
    from gearmang.worker.fleet.foreman import Foreman

    log_to_stderr(log_format)
    sys.exit(Foreman(partial(read_pools, config), config, metrics=metrics).run())


@fleet.command()
@_config_option(None)
@click.pass_obj
def reload(given: Path, config: Path | None) -> None:
    """Have the running fleet take the file and the code anew; wait until it has.

    Exit codes: 0 every pool was restarted; 1 something was not, and runs as before.

    Example: gearmang fleet reload --config /etc/gearmang/fleet.toml
    """
    from gearmang.worker.fleet.hatch import reload as ask

    sys.exit(0 if ask(config or given, click.echo) else 1)


@fleet.command()
@_config_option(None)
@click.pass_obj
def check(given: Path, config: Path | None) -> None:
    """Read the file and load the code of each pool, in a process of its own; change nothing.

    Exit codes: 0 it can be used; 1 it cannot, and what is wrong is printed.

    Example: gearmang fleet check --config /etc/gearmang/fleet.toml
    """
    from gearmang.cli.pools import read_pools

    config = config or given
    broken = 0
    for plan in read_pools(config):
        why = _why_not_loaded(plan)
        click.echo(f"pool {plan.name}: {why or 'can be used'}")
        broken += bool(why)
    sys.exit(1 if broken else 0)


def _why_not_loaded(plan: PoolPlan) -> str:
    """Load the code in a fork; what is wrong with it."""
    from gearmang.errors import GearmangError
    from gearmang.terminal import clean
    from gearmang.worker.loading import load

    sys.stdout.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        told = ""
        try:
            plan.enter()
            load(plan.options.target)
        except (GearmangError, OSError) as error:
            told = str(error)
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
        os.write(writing, told.encode("utf-8", "backslashreplace")[:4096])
        os._exit(1 if told else 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return clean(told) or ("" if code == 0 else f"loading the code killed its process ({code})")
