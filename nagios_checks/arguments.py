"""The options that all checks share, and how they are read: a bad one exits 3 with one line.

Neither argparse nor getopt: they would add 4 ms and 1 ms to a check's 20.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from nagiosplugin.state import Critical, ServiceState

from gearmang.durations import seconds
from gearmang.errors import GearmangError
from gearmang.protocol.server import DEFAULT_PORT, HIGHEST_PORT, Server
from nagios_checks.rules import FunctionRules, Rule
from nagios_checks.thresholds import BadValue, Limits, ParseRange, pair, state

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
        flags: ``-w --warning``; the last one names the value in `Chosen`.
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


class Parser:
    """Reads the command line of one check.

    Args:
        name: the command.
        description: what it alerts on.
        example: its arguments in an example that works.
        parse_range: reads -w, -c and the limits of ``--function``.
        own: the options that only this check has; one of them may take a shared one's flag.
        without: flags of shared options that it does not have.
    """

    def __init__(
        self,
        name: str,
        description: str,
        example: str,
        parse_range: ParseRange,
        own: Sequence[Option] = (),
        without: Sequence[str] = (),
    ) -> None:
        self.name = name
        ours = "" if "-H" in without else "[-H HOST[:PORT]] [-w RANGE] [-c RANGE] "
        self.usage = f"{name} [-h] {ours}[-t SECONDS[:STATE]] [options]"
        self._text = (description, example)
        shared = _shared(parse_range)
        self.options = [one for one in shared if not set(one.flags.split()) & {*without}]
        self.options += own

    def read(self, arguments: Sequence[str]) -> Chosen:
        """The options given, and the defaults of the others.

        Raises:
            BadOption: an unknown one, a value that cannot be read, a stray word.
        """
        by_flag = {flag: option for option in self.options for flag in option.flags.split()}
        chosen = {option.name: option.default for option in self.options}
        words = list(reversed(arguments))
        try:
            while words:
                flag, text = _next(words)
                option = by_flag.get(flag)
                if option is None:
                    raise BadOption(f"{flag!r} is no option")
                value: Any
                if option.value:
                    value = option.parse(_value(flag, text, words))
                else:
                    value = chosen[option.name] + 1
                    _put_back(flag, text, words)
                chosen[option.name] = (*chosen[option.name], value) if option.many else value
        except GearmangError as error:
            raise BadOption(
                str(error) if isinstance(error, BadOption) else f"{flag}: {error}", self.usage
            ) from None
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


def selection(chosen: Chosen, default: Limits) -> FunctionRules:
    """The functions that the options select; ``default`` gives the ranges that -w, -c leave out."""
    limits = Limits(
        default.warning if chosen.warning is None else chosen.warning,
        default.critical if chosen.critical is None else chosen.critical,
    )
    return FunctionRules(chosen.function, chosen.exclude, limits)


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
        Option("--version -V", "", "print the version", default=0),
    )


def _next(words: list[str]) -> tuple[str, str]:
    """The next flag off the end of the list, and what was written in one word with it."""
    word = words.pop()
    if word.startswith("--"):
        flag, equals, value = word.partition("=")
        return flag, equals + value
    if word.startswith("-") and len(word) > 1:
        return word[:2], word[2:]
    raise BadOption(f"{word!r} belongs to no option")


def _value(flag: str, text: str, words: list[str]) -> str:
    """``--flag=value``, ``-fvalue``, or the word after the flag, whatever it begins with."""
    if text:
        return text[1:] if flag.startswith("--") else text
    if not words:
        raise BadOption(f"{flag} needs a value")
    return words.pop()


def _put_back(flag: str, text: str, words: list[str]) -> None:
    """``-vvv`` is ``-v -v -v``."""
    if text.startswith("=") and flag.startswith("--"):
        raise BadOption(f"{flag} takes no value")
    if text:
        words.append(f"-{text}")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise BadValue(f"{text!r} is no port; write a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadValue(f"{text!r} is no count; write a number from 0 on")
    return int(text)
