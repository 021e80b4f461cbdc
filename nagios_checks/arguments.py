"""How a check's command line is read: a bad one exits 3 with one line.

Neither argparse nor getopt: they would add 4 ms and 1 ms to a check's 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gearmang.errors import GearmangError
from nagios_checks.shared_options import Chosen, Option, shared_options
from nagios_checks.thresholds import ParseRange

HELP_COLUMN = 26  # characters
HELP_WIDTH = 80  # characters


class BadOption(GearmangError):
    """Options that cannot be read; ``usage`` says how they are written, where that is known."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


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
        ours = "" if "-H" in without else "[-H HOST[:PORT]] "
        ours += "" if "-w" in without else "[-w RANGE] [-c RANGE] "
        self.usage = f"{name} [-h] {ours}[-t SECONDS[:STATE]] [options]"
        self._text = (description, example)
        taken = {flag for option in own for flag in option.flags.split()}
        self.options = [
            one._replace(flags=" ".join(flag for flag in one.flags.split() if flag not in taken))
            for one in shared_options(parse_range)
            if not set(one.flags.split()) & {*without}
        ]
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
                if option.alone and not text and not (words and words[-1][:1] != "-"):
                    chosen[option.alone] += 1
                    continue
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
        from textwrap import fill  # late: few runs print it

        description, example = self._text
        usage = fill(f"usage: {self.usage}", HELP_WIDTH, subsequent_indent="       ")
        lines = [usage, "", *_paragraphs(description), "", "options:"]
        margin = " " * HELP_COLUMN
        for option in self.options:
            flags = f"  {', '.join(option.flags.split())} {option.value}".rstrip()
            if len(flags) > HELP_COLUMN - 2:
                lines.append(flags)
                flags = ""
            first = f"{flags:{HELP_COLUMN}}"
            lines.append(
                fill(
                    option.help,
                    HELP_WIDTH,
                    initial_indent=first,
                    subsequent_indent=margin,
                    break_on_hyphens=False,
                )
            )
        example = fill(
            f"Example: {self.name} {example}",
            HELP_WIDTH,
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        return "\n".join([*lines, "", example, ""])


def _paragraphs(text: str) -> list[str]:
    """Lines that are indented stand by themselves; the others flow."""
    from textwrap import fill

    found: list[str] = []
    for line in text.splitlines():
        if found and not line.startswith(" ") and not found[-1].startswith(" "):
            found[-1] += f" {line}"
        else:
            found.append(line)
    return [fill(one, HELP_WIDTH, subsequent_indent=" " * 13 * (one[0] == " ")) for one in found]


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
