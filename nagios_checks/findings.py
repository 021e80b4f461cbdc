"""What a check found: findings with their states and series, before anyone formats them."""

from __future__ import annotations

from typing import NamedTuple

from nagiosplugin.range import Range
from nagiosplugin.state import ServiceState

NO_LIMIT = Range()


class Measurement(NamedTuple):
    """One number for the graphs.

    Attributes:
        subject: the function that it belongs to, or the name of a number of the whole server.
        value: in the base unit.
        quantity: which of several numbers of the subject; empty where there is one only.
        unit: ``s``, ``%`` or empty.
        warning: the range that it was judged by.
        critical: the range that it was judged by.
        additive: whether the sum over several functions means anything.
        of_all: whether it is such a sum, which no function's series may be taken for.
    """

    subject: str
    value: float
    quantity: str = ""
    unit: str = ""
    warning: Range = NO_LIMIT
    critical: Range = NO_LIMIT
    additive: bool = True
    of_all: bool = False


class Finding(NamedTuple):
    """One thing that was judged.

    Attributes:
        state: the verdict.
        text: a phrase for the first line, cleaned: ``resize has 512 waiting (limit 500)``.
        server: where, as HOST:PORT; empty where the text says it or no server is concerned.
        weight: the larger, the earlier among findings of the same state.
        series: the numbers behind it.
        read: whether anything was read to be judged. Where nothing was, no state that was asked
            for makes the check say that all is fine.
    """

    state: ServiceState
    text: str
    server: str = ""
    weight: float = 0.0
    series: tuple[Measurement, ...] = ()
    read: bool = True


class Report(NamedTuple):
    """All that one check found.

    Attributes:
        findings: at least one, in an order that stays the same from run to run.
        fine: the first line's text when all of them are OK.
        diagnostics: lines for ``-vvv``.
    """

    findings: list[Finding]
    fine: str
    diagnostics: tuple[str, ...] = ()
