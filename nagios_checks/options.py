"""The options that all checks share, and how they are read: a bad one exits 3 with one line."""

from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace, RawTextHelpFormatter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn, TypeVar

from nagiosplugin import Critical
from nagiosplugin.state import ServiceState

from gearmang.errors import GearmangError
from gearmang.server import DEFAULT_PORT, HIGHEST_PORT, Server
from nagios_checks.selection import Rule, Selection
from nagios_checks.thresholds import Limits, ParseRange, pair, seconds, state

UNKNOWN_EXIT = 3  # for -h, -V and bad options too: they are no verdict on the service
DEFAULT_TIMEOUT = 10.0  # seconds; the Monitoring Plugins guidelines' default
LONGEST_TIMEOUT = 3_600.0  # seconds
DEFAULT_LIMIT = 20  # functions; with names of any length this stays within Nagios' 8 KiB

Value = TypeVar("Value")


class BadOption(GearmangError):
    """Options that cannot be read; ``usage`` says how they are written, where that is known."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


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


class Parser(ArgumentParser):
    """argparse with the exit codes of a Nagios plugin; a bad option raises `BadOption`."""

    def error(self, message: str) -> NoReturn:
        raise BadOption(message, self.usage or "")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise SystemExit(UNKNOWN_EXIT)


class _Version(Action):
    """Looks its version up only when it is asked for: importlib.metadata takes 20 ms."""

    def __call__(self, parser: ArgumentParser, *_: Any) -> NoReturn:
        from importlib.metadata import version

        print(f"{parser.prog} {version('gearmang')}")
        parser.exit()


def argument(parse: Callable[[str], Value]) -> Callable[[str], Value]:
    """A type for argparse out of a reader: its error's sentence reaches the user."""

    def read(text: str) -> Value:
        try:
            return parse(text)
        except GearmangError as error:
            raise ArgumentTypeError(str(error)) from None

    return read


def parser(name: str, description: str, example: str, parse_range: ParseRange) -> Parser:
    """A parser with the options of every check.

    Args:
        name: the command.
        description: what it alerts on.
        example: a command line that works.
        parse_range: reads -w, -c and the limits of ``--function``.
    """
    made = Parser(
        prog=name,
        description=description,
        epilog=f"Example: {example}",
        usage=f"{name} [-h] [-H HOST[:PORT]] [-w RANGE] [-c RANGE] [-t SECONDS[:STATE]] [options]",
        formatter_class=RawTextHelpFormatter,
        allow_abbrev=False,
        conflict_handler="resolve",  # check_gearmang_server has a --version of its own
    )
    add = made.add_argument
    add(
        "-H",
        "--hostname",
        dest="hosts",
        metavar="HOST[:PORT]",
        action="append",
        default=[],
        help="a gearmand, default 127.0.0.1:4730; repeat it for several; IPv6 as [::1]:4730",
    )
    add(
        "-p",
        "--port",
        metavar="PORT",
        type=argument(_port),
        default=DEFAULT_PORT,
        help="port for every -H that names none (4730)",
    )
    add(
        "-t",
        "--timeout",
        metavar="SECONDS[:STATE]",
        type=argument(Timeout.parse),
        default=Timeout(DEFAULT_TIMEOUT, Critical),
        help="how long the check may take (10), and its state when it took longer (CRITICAL)",
    )
    add("-w", "--warning", metavar="RANGE", type=argument(parse_range), help="WARNING outside it")
    add("-c", "--critical", metavar="RANGE", type=argument(parse_range), help="CRITICAL outside it")
    add(
        "--function",
        dest="rules",
        metavar="GLOB[=WARN,CRIT]",
        action="append",
        default=[],
        type=argument(Rule.reader(pair(parse_range))),
        help="judge these functions only, with limits of their own; repeatable, first match wins",
    )
    add("--exclude", metavar="GLOB", action="append", default=[], help="leave these functions out")
    add("--ca", metavar="FILE", help="speak TLS and trust this certificate authority")
    add("--cert", metavar="FILE", help="TLS certificate to show to gearmand")
    add("--key", metavar="FILE", help="key of the TLS certificate")
    add(
        "--limit",
        metavar="N",
        type=argument(_limit),
        default=DEFAULT_LIMIT,
        help=f"functions named in long output and perfdata ({DEFAULT_LIMIT}); the rest is summed",
    )
    add("--no-perfdata", dest="perfdata", action="store_false", help="print no performance data")
    add(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="-v a line a function, -vv with what was asked, -vvv with what was answered",
    )
    add("-V", "--version", action=_Version, nargs=0, help="print the version")
    return made


def servers(options: Namespace) -> list[Server]:
    """The servers of -H and -p, each once.

    Raises:
        BadServer: one is no address.
    """
    given = [Server.parse(text, options.port) for text in options.hosts]
    return list(dict.fromkeys(given)) or [Server("127.0.0.1", options.port)]


def selection(options: Namespace, default: Limits) -> Selection:
    """The functions that the options select; ``default`` gives the ranges that -w, -c leave out."""
    chosen = Limits(
        default.warning if options.warning is None else options.warning,
        default.critical if options.critical is None else options.critical,
    )
    return Selection(tuple(options.rules), tuple(options.exclude), chosen)


def read(made: Parser, arguments: Sequence[str]) -> Namespace:
    """Read a command line.

    Raises:
        BadOption: it cannot be read.
        SystemExit: -h or -V has printed what was asked for.
    """
    return made.parse_args(arguments)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise BadOption(f"{text!r} is no port; write a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadOption(f"{text!r} is no count; write a number from 0 on")
    return int(text)
