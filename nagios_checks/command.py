"""What the eight commands do: read options, judge, print, exit; never a traceback, never a hang."""

import importlib
import os
import re
import sys
import time
from typing import NoReturn

from nagiosplugin import guarded

from gearmang.errors import GearmangError
from nagios_checks.options import UNKNOWN_EXIT, BadOption, read
from nagios_checks.plugin import Outcome, Style, render
from nagios_checks.sources import Sources
from nagios_checks.watchdog import GRACE, claim, watch

_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]*@")


def run(check: str) -> NoReturn:
    """Be the command ``check_gearmang_CHECK``.

    Ends by os._exit: taking the interpreter down in order costs a tenth of the whole check.
    """
    code = UNKNOWN_EXIT
    try:
        # A function's name may hold what the locale of Nagios cannot show.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # it is a TextIOWrapper
        code = _guarded(check, sys.argv[1:])
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else UNKNOWN_EXIT
    except KeyboardInterrupt:
        pass
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads: there is no one left to tell
        code = UNKNOWN_EXIT
    os._exit(code)


@guarded(verbose=0)  # type: ignore[untyped-decorator]  # nagiosplugin ships no types
def _guarded(check: str, arguments: list[str]) -> int:
    name = f"gearmang_{check}"
    try:
        outcome = conclude(check, arguments)
    except GearmangError as error:
        message = str(error).replace("|", "\\x7c").replace("\n", " ")
        hint = f"; usage: {error.usage}" if isinstance(error, BadOption) else ""
        outcome = Outcome(UNKNOWN_EXIT, f"{name.upper()} UNKNOWN - {message}{hint}\n")
    if not claim():  # too late by a hair: the watchdog is printing
        time.sleep(GRACE)
    sys.stdout.write(outcome.output)
    return outcome.code


def conclude(check: str, arguments: list[str]) -> Outcome:
    """Run one check.

    Raises:
        GearmangError: the options are no good.
    """
    module = importlib.import_module(f"nagios_checks.{check}")
    chosen = read(module.options(f"check_gearmang_{check}"), arguments)
    name = f"gearmang_{check}"
    watch(name, chosen.timeout)
    asked = "asked: " + _PASSWORD.sub(r"\1:***@", " ".join(arguments))
    style = Style(
        verbose=min(chosen.verbose, 3),
        limit=chosen.limit,
        perfdata=chosen.perfdata,
        many=len(set(chosen.hosts)) > 1,
        asked=(asked,),
    )
    return render(name, module.judge(chosen, Sources(chosen.timeout)), style)
