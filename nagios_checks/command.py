"""What the commands do: read options, judge, print, exit; never a traceback, never a hang."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn

from gearmang.errors import GearmangError
from gearmang.terminal import clean
from nagios_checks.arguments import BadOption
from nagios_checks.findings import Report
from nagios_checks.phrasing import masked
from nagios_checks.readings import Readings
from nagios_checks.rendering import Outcome, Style, render, unknown
from nagios_checks.shared_options import Chosen
from nagios_checks.watchdog import GRACE, claim, started, watch

NO_VERDICT = 3  # the exit code of -h, -V and bad options, as of UNKNOWN


def run(check: str) -> NoReturn:
    """Be the command ``check_gearmang_CHECK``.

    Ends by os._exit: taking the interpreter down in order costs a tenth of the whole check.
    """
    name, begun = f"gearmang_{check}", started()
    outcome = attempted(name, lambda: conclude(name, load(check), sys.argv[1:], begun))
    if not claim():  # late by a hair: the watchdog is about to print and end the process
        time.sleep(GRACE)
    os._exit(outcome.code if _written(outcome.output) else NO_VERDICT)


def attempted(name: str, work: Callable[[], Outcome]) -> Outcome:
    """What the work gives, or UNKNOWN with the reason: Nagios gets a verdict in any case."""
    try:
        return work()
    except BadOption as error:
        return unknown(name, f"{error}; usage: {error.usage}" if error.usage else str(error))
    except GearmangError as error:
        return unknown(name, str(error))
    except MemoryError:
        return unknown(name, "there is not enough memory; raise the limit, or look at less")
    except Exception as error:  # one check's bug must hide no other's verdict
        return unknown(name, f"{type(error).__name__}: {error}; this is a bug of gearmang")


def _written(output: str) -> bool:
    """Whether the output went out; without it Nagios shall not believe an OK."""
    if sys.stdout is None:  # it was closed when we started
        return False
    try:
        # Whatever the locale that Nagios runs under, a function's name can be written.
        sys.stdout.buffer.write(output.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()
    except OSError:
        return False
    return True


def load(check: str) -> ModuleType:
    """The module of a check: it has `options` and `judge`."""
    package = __import__("nagios_checks", fromlist=[check])
    module: ModuleType = getattr(package, check)
    return module


def conclude(name: str, check: ModuleType, arguments: list[str], begun: float) -> Outcome:
    """Run one check.

    Args:
        name: the check's, as it starts the first line.
        check: its module.
        arguments: the command line.
        begun: since when the timeout runs, on the monotonic clock.

    Raises:
        GearmangError: the options are no good.
    """
    parser = check.options(f"check_{name}")
    chosen = parser.read(arguments)
    if chosen.help:
        return Outcome(NO_VERDICT, parser.help())
    if chosen.V:
        from importlib.metadata import version

        return Outcome(NO_VERDICT, f"check_{name} {version('gearmang')}\n")
    watch(name, chosen.timeout, begun)
    asked = f"asked: {masked(clean(' '.join(arguments)))}" if chosen.verbose >= 2 else ""
    style = Style.of(chosen, asked)
    return render(name, judged(check, chosen, Readings(chosen.timeout, begun)), style)


def judged(check: ModuleType, chosen: Chosen, readings: Readings) -> Report:
    """What a check finds, with what is silent turned to OK."""
    report: Report = check.judge(chosen, readings)
    if not (chosen.silences or os.environ.get("GEARMANG_SILENCES")):
        return report
    from nagios_checks.silencing import obeyed

    return obeyed(report, check.__name__.rpartition(".")[2], chosen, readings)
