"""The options that all checks share, and what they select."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

from nagiosplugin.state import Critical, ServiceState

from gearmang.durations import seconds
from gearmang.protocol.server import DEFAULT_PORT, HIGHEST_PORT, Server
from nagios_checks.rules import FunctionRules, Rule
from nagios_checks.thresholds import BadValue, Limits, ParseRange, pair, state

DEFAULT_TIMEOUT = 10.0  # seconds; the Monitoring Plugins guidelines' default
LONGEST_TIMEOUT = 3_600.0  # seconds
DEFAULT_LIMIT = 20  # functions; with names of any length this stays within Nagios' 8 KiB
LABELS = ("plain", "stable")
LEAST_BYTES = 200  # of output: room for a first line that says something


Chosen = SimpleNamespace  # what was given, by the options' names


class Option(NamedTuple):
    """One option.

    Attributes:
        flags: ``-w --warning``; the last one names the value in `Chosen`.
        value: what stands for its value in the help; empty for a flag that is counted.
        help: what it does.
        parse: reads the value; raises a GearmangError.
        default: when it is not given; for a repeatable one an empty tuple.
        many: whether it is repeatable, its values a tuple.
        alone: the name of the flag that it stands for where no value follows it.
    """

    flags: str
    value: str
    help: str
    parse: Callable[[str], Any] = str
    default: Any = None
    many: bool = False
    alone: str = ""

    @property
    def name(self) -> str:
        return self.flags.split()[-1].lstrip("-").replace("-", "_")


class Timeout(NamedTuple):
    """``-t SECONDS[:STATE]``: how long the check may take, and what it says when it took longer."""

    seconds: float
    state: ServiceState

    @classmethod
    def parse(cls, text: str) -> Timeout:
        """Read ``10``, ``2.5s`` or ``10:UNKNOWN``.

        Raises:
            BadValue: no duration, no state, or a duration outside 0.1 s to one hour.
        """
        length, _, name = text.partition(":")
        limit = seconds(length)
        if not 0.1 <= limit <= LONGEST_TIMEOUT:
            raise BadValue(f"{text!r}: a timeout lies between 0.1 s and {LONGEST_TIMEOUT:g} s")
        return cls(limit, state(name) if name else Critical)


SUM = Option("--sum", "", "judge what all servers have together, not each by itself", default=0)


def missing(default: ServiceState) -> Option:
    """``--missing``, of the checks that judge functions by name."""
    return Option(
        "--missing",
        "STATE",
        f"the state when a --function fits nothing that is there ({str(default).upper()})",
        state,
        default,
    )


def servers(chosen: Chosen) -> list[Server]:
    """The servers of -H and -p, each once.

    Raises:
        BadServer: one is no address.
    """
    given = [Server.parse(text, chosen.port) for text in chosen.hostname]
    return list(dict.fromkeys(given)) or [Server("127.0.0.1", chosen.port)]


def selection(chosen: Chosen, default: Limits) -> FunctionRules:
    """The functions that the options select; ``default`` gives the ranges that -w, -c leave out.

    Where functions are expected and none is selected, the expected ones are.
    """
    limits = Limits(
        default.warning if chosen.warning is None else chosen.warning,
        default.critical if chosen.critical is None else chosen.critical,
    )
    expected: tuple[str, ...] = getattr(chosen, "expect", ())
    if expected and not chosen.function:
        return FunctionRules.of_names(expected, chosen.exclude, limits)
    return FunctionRules(chosen.function, chosen.exclude, limits)


def shared_options(parse_range: ParseRange) -> tuple[Option, ...]:
    """The options of every check; ``parse_range`` reads -w, -c and the limits of --function."""
    return (
        Option("-h --help", "", "print this", default=0),
        Option(
            "-H --hostname",
            "HOST[:PORT]",
            "a gearmand (127.0.0.1:4730); repeatable; IPv6 as [::1]:4730",
            default=(),
            many=True,
        ),
        Option("-p --port", "PORT", "of each -H that names none (4730)", _port, DEFAULT_PORT),
        Option(
            "-t --timeout",
            "SECONDS[:STATE]",
            "how long the check may take (10), and its state if it takes longer (CRITICAL)",
            Timeout.parse,
            Timeout(DEFAULT_TIMEOUT, Critical),
        ),
        Option("-w --warning", "RANGE", "WARNING outside it", parse_range),
        Option("-c --critical", "RANGE", "CRITICAL outside it", parse_range),
        Option(
            "--function",
            "GLOB[=WARN,CRIT]",
            "judge these functions only, with limits of their own; repeatable, first match wins",
            Rule.reader(pair(parse_range)),
            (),
            many=True,
        ),
        Option("--exclude", "GLOB", "leave these functions out; repeatable", default=(), many=True),
        Option("--ca", "FILE", "speak TLS and trust the certificates in this file"),
        Option("--cert", "FILE", "TLS certificate to show to gearmand"),
        Option("--key", "FILE", "key of that certificate"),
        Option(
            "--limit",
            "N",
            f"functions named in long output and perfdata ({DEFAULT_LIMIT}); the rest is summed",
            _limit,
            DEFAULT_LIMIT,
        ),
        Option(
            "--labels",
            "KIND",
            "how series are named with several -H: plain leaves those of the first without a "
            "server's name, stable gives each its server's, whatever -H stands beside it (plain)",
            _labels,
            "plain",
        ),
        Option(
            "--max-bytes",
            "N",
            "cut the output to so many bytes, never inside a series (NRPE 2 takes 1023)",
            _max_bytes,
        ),
        Option(
            "--silences",
            "URL",
            "the store of dead letters whose silences are obeyed ($GEARMANG_SILENCES, else none)",
        ),
        Option("--no-perfdata", "", "print no performance data", default=0),
        Option(
            "-v --verbose",
            "",
            "-v a line a function, -vv with what was asked, -vvv with what was answered",
            default=0,
        ),
        Option("--version -V", "", "print the version", default=0),
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise BadValue(f"{text!r} is no port; write a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadValue(f"{text!r} is no count; write a number from 0 on")
    return int(text)


def _labels(text: str) -> str:
    if text not in LABELS:
        raise BadValue(f"{text!r} is none of {', '.join(LABELS)}")
    return text


def _max_bytes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) >= LEAST_BYTES):
        raise BadValue(f"{text!r} is no number of bytes; write {LEAST_BYTES} or more")
    return int(text)
