"""What is silent alerts nobody: the checks of functions and servers obey `gearmang silence`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nagiosplugin.state import Ok

from gearmang.durations import told
from nagios_checks import phrasing
from nagios_checks.findings import Finding, Report
from nagios_checks.readings import Readings
from nagios_checks.shared_options import Chosen, servers

if TYPE_CHECKING:
    from gearmang.dead_letters.store.silences import Silence

# In whose findings the first number's subject is a function.
_OF_FUNCTIONS = ("queues", "workers", "flow", "tasks", "dead_letters")


def obeyed(report: Report, check: str, chosen: Chosen, readings: Readings) -> Report:
    """The report with what is silent turned to OK, saying why.

    Silences that cannot be read silence nothing; that is told.

    Args:
        check: its name, as ``queues``.
    """
    url = chosen.silences or os.environ.get("GEARMANG_SILENCES")
    if not url or all(found.state == Ok for found in report.findings):
        return report
    silences = readings.silences(url)
    if isinstance(silences, Finding):
        wrong = next(found for found in report.findings if found.state != Ok)
        told = wrong._replace(text=f"{wrong.text} ({silences.text})")
        return report._replace(
            findings=[told if found is wrong else found for found in report.findings]
        )
    if not silences:
        return report
    asked = servers(chosen)
    only = str(asked[0]) if len(asked) == 1 else None
    findings = [_quiet(found, check, only, silences) for found in report.findings]
    fine = "; ".join([report.fine, *(found.text for found in findings if "(silent" in found.text)])
    return report._replace(findings=findings, fine=fine)


def _quiet(found: Finding, check: str, only: str | None, silences: tuple[Silence, ...]) -> Finding:
    from gearmang.dead_letters.store.silences import covering

    if found.state == Ok:
        return found
    first = found.series[0] if found.series and check in _OF_FUNCTIONS else None
    function = None if first is None or first.of_all else first.subject
    silence = covering(silences, function=function, server=found.server or only)
    if silence is None:
        return found
    why = f": {phrasing.shown(silence.why)}" if silence.why else ""
    text = f"{found.text} (silent until {told(silence.until)}{why})"
    return found._replace(state=Ok, text=text)
