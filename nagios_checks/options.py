"""The options that all checks share, and how they are read: a bad one exits 3 with one line.

By getopt: argparse takes 4 ms of a check's 28 to be imported and told of twenty options.
"""

import getopt
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from nagiosplugin.state import Critical, ServiceState

from gearmang.errors import GearmangError
from gearmang.server import DEFAULT_PORT, HIGHEST_PORT, Server
from nagios_checks.selection import Rule, Selection
from nagios_checks.thresholds import Limits, ParseRange, pair, seconds, state

DEFAULT_TIMEOUT = 10.0  # seconds; the Monitoring Plugins guidelines' default
LONGEST_TIMEOUT = 3_600.0  # seconds
DEFAULT_LIMIT = 20  # functions; with names of any length this stays within Nagios' 8 KiB
HELP_COLUMN = 34  # characters

Chosen = SimpleNamespace  # what was given, by the options' names


class BadOption(GearmangError):
    """Options that cannot be read; ``usage`` says how they are written, where that is known."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


class Option(NamedTuple):
    """One option.

    Attributes:
        flags: ``-w --warning``; a long one is last and names the value in `Chosen`.
        value: what stands for its value in the help; empty for a flag that is counted.
        help: what it does.
        parse: reads the value; raises a GearmangError.
        default: when it is not given; for a repeatable one an empty tuple.
        many: whether it is repeatable, its values a tuple.
    """

    flags: str
    value: str
    help: str
    parse: Callable[[str], Any] = str
    default: Any = None
    many: bool = False

    @property
    def name(self) -> str:
        return self.flags.split()[-1].lstrip("-").replace("-", "_")


class Timeout(NamedTuple):
    """``-t SECONDS[:STATE]``: how long the check may take, and what it says when it took longer."""

    seconds: float
    state: ServiceState

    @classmethod
    def parse(cls, text: str) -> "Timeout":
        """Read ``10``, ``2.5s`` or ``10:UNKNOWN``.

        Raises:
            BadThreshold: no duration, no state.
            BadOption: a duration outside 0.1 s to one hour.
        """
        length, _, name = text.partition(":")
        limit = seconds(length)
        if not 0.1 <= limit <= LONGEST_TIMEOUT:
            raise BadOption(f"{text!r}: a timeout lies between 0.1 s and {LONGEST_TIMEOUT:g} s")
        return cls(limit, state(name) if name else Critical)


class Parser:
    """Reads the command line of one check.

    Args:
        name: the command.
        description: what it alerts on.
        example: its arguments in an example that works.
        parse_range: reads -w, -c and the limits of ``--function``.
        own: the options that only this check has; one of them may take a shared one's flag.
    """

    def __init__(
        self,
        name: str,
        description: str,
        example: str,
        parse_range: ParseRange,
        own: Sequence[Option] = (),
    ) -> None:
        self.name = name
        self.usage = f"{name} [-h] [-H HOST[:PORT]] [-w RANGE] [-c RANGE] [-t SECONDS] [options]"
        self._text = (description, example)
        self.options = [*_shared(parse_range), *own]

    def read(self, arguments: Sequence[str]) -> Chosen:
        """The options given, and the defaults of the others.

        Raises:
            BadOption: an unknown one, a value that cannot be read, a stray word.
        """
        by_flag = {flag: option for option in self.options for flag in option.flags.split()}
        short = "".join(_for_getopt(flag, by_flag[flag]) for flag in by_flag if flag[1] != "-")
        long = [_for_getopt(flag, by_flag[flag]) for flag in by_flag if flag[1] == "-"]
        try:
            given, stray = getopt.gnu_getopt(arguments, short, long)
        except getopt.GetoptError as error:
            raise BadOption(str(error), self.usage) from None
        if stray:
            raise BadOption(f"{stray[0]!r} belongs to no option", self.usage)
        chosen = {option.name: option.default for option in self.options}
        for flag, text in given:
            option = by_flag[flag]
            try:
                value = option.parse(text) if option.value else chosen[option.name] + 1
            except GearmangError as error:
                raise BadOption(f"{flag}: {error}", self.usage) from None
            chosen[option.name] = (*chosen[option.name], value) if option.many else value
        return Chosen(**chosen)

    def help(self) -> str:
        """What ``-h`` prints."""
        description, example = self._text
        lines = [f"usage: {self.usage}", "", description, "", "options:"]
        for option in self.options:
            flags = f"  {', '.join(option.flags.split())} {option.value}".rstrip()
            if len(flags) > HELP_COLUMN - 2:
                lines.append(flags)
                flags = ""
            lines.append(f"{flags:{HELP_COLUMN}}{option.help}")
        return "\n".join([*lines, "", f"Example: {self.name} {example}", ""])


def servers(chosen: Chosen) -> list[Server]:
    """The servers of -H and -p, each once.

    Raises:
        BadServer: one is no address.
    """
    given = [Server.parse(text, chosen.port) for text in chosen.hostname]
    return list(dict.fromkeys(given)) or [Server("127.0.0.1", chosen.port)]


def selection(chosen: Chosen, default: Limits) -> Selection:
    """The functions that the options select; ``default`` gives the ranges that -w, -c leave out."""
    limits = Limits(
        default.warning if chosen.warning is None else chosen.warning,
        default.critical if chosen.critical is None else chosen.critical,
    )
    return Selection(chosen.function, chosen.exclude, limits)


def _shared(parse_range: ParseRange) -> tuple[Option, ...]:
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
        Option("--no-perfdata", "", "print no performance data", default=0),
        Option(
            "-v --verbose",
            "",
            "-v a line a function, -vv with what was asked, -vvv with what was answered",
            default=0,
        ),
        Option("-V --version", "", "print the version", default=0),
    )


def _for_getopt(flag: str, option: Option) -> str:
    if flag.startswith("--"):
        return flag[2:] + ("=" if option.value else "")
    return flag[1:] + (":" if option.value else "")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise BadOption(f"{text!r} is no port; write a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadOption(f"{text!r} is no count; write a number from 0 on")
    return int(text)
