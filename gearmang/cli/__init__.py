"""The command ``gearmang``. Each subcommand is a module of its own, imported when it is called."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, NoReturn

import click

from gearmang.cli.late import LateGroup
from gearmang.errors import GearmangError

_COMMANDS = {
    # name: (module, attribute, what it does)
    "collect": ("gearmang.cli.collect", "collect", "Store the dead letters that workers send."),
    "dead": ("gearmang.cli.dead", "dead", "Inspect, requeue and remove dead letters."),
    "doctor": ("gearmang.cli.doctor", "examine", "Look for what is wrong on this host."),
    "fleet": ("gearmang.cli.fleet", "fleet", "Run all pools of workers of one file."),
    "functions": ("gearmang.cli.functions", "functions", "Drop functions that nobody serves."),
    "logs": ("gearmang.cli.logs", "logs", "Read task records back: view, stats, trace, plot."),
    "ready": ("gearmang.cli.ready", "ready", "Tell whether a worker is registered, for probes."),
    "report": ("gearmang.cli.report", "report", "Write one page of what happened, to mail."),
    "samples": ("gearmang.cli.samples", "write_samples", "Write configuration of other programs."),
    "serve": ("gearmang.cli.serve", "serve", "Show it all in a browser; figures for Prometheus."),
    "silence": ("gearmang.cli.silence", "silence", "Let functions or servers alert nobody."),
    "status": ("gearmang.cli.status", "status", "Print functions with waiting, running, workers."),
    "submit": ("gearmang.cli.submit", "submit", "Queue a job."),
    "top": ("gearmang.cli.top", "top", "Watch functions, workers and dead letters live."),
    "work": ("gearmang.cli.work", "work", "Run a worker that survives the jobs that kill it."),
}


@click.command(
    cls=LateGroup, late=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="gearmang")
def gearmang() -> None:
    """Keeps a Gearman pipeline healthy.

    Example: gearmang status --server gm1:4730 --server gm2:4730
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command: exit 0, 1 with one line on stderr when it failed, 2 for bad options."""
    if sys.version_info < (3, 10):
        _fail(
            "the command needs Python 3.10 or newer, and this is "
            f"{sys.version_info[0]}.{sys.version_info[1]}; the checks, the collectd plugin and "
            "log_shipping run here"
        )
    try:
        try:
            return gearmang.main(args=arguments, prog_name="gearmang")
        finally:
            sys.stdout.flush()  # here, where it can still be told that it failed
    except GearmangError as error:
        _fail(str(error))
    except UnicodeEncodeError as error:
        _drop_output()
        _fail(
            f"the output's encoding {error.encoding} has no {error.object[error.start]!r}; "
            "set LC_ALL=C.UTF-8, or take --json"
        )
    except BrokenPipeError:  # the reader of our output, `head` for one, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        _drop_output()
        what = "the output cannot be written" if error.filename is None else str(error.filename)
        _fail(f"{what}: {error.strerror or error}")


def _fail(text: str) -> NoReturn:
    from gearmang.terminal import clean

    click.echo(f"gearmang: {clean(text)}", err=True)
    sys.exit(1)


def _drop_output() -> None:
    """What is still in the buffer cannot be written: Python would try it again as it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
