"""Writes manual pages, in roff."""

from __future__ import annotations

import textwrap

from told import Told, plain

SEE = {
    "gearmang": "gearmang-collectd(5), gearmand(8), https://gearman.org/",
    "check": "gearmang(1), nagios4(8)",
}


def page(told: Told, version: str, others: list[str]) -> str:
    """The page of section 1 of a command."""
    name = told.name.replace(" ", "-")
    lines = [
        f'.TH {name.upper()} 1 "" "Gearmang {version}"',
        ".SH NAME",
        f"{_roff(name)} \\- {_roff(_lower(told.summary.rstrip('.')))}",
        ".SH SYNOPSIS",
        f".B {_roff(told.usage)}",
        ".SH DESCRIPTION",
        _roff(told.summary),
        *_paragraphs(told.story),
    ]
    if told.options:
        lines.append(".SH OPTIONS")
        for typed, does in told.options:
            lines += [".TP", f".B {_roff(typed)}", _roff(plain(does)) or "\\&"]
    if others:
        lines += [".SH COMMANDS", *(f".br\n.BR {_roff(other)} (1)" for other in others)]
    lines += [".SH EXIT STATUS", *_ends(name)]
    lines += [".SH SEE ALSO", _roff(SEE["check" if name.startswith("check") else "gearmang"])]
    return "\n".join(lines) + "\n"


def _ends(name: str) -> list[str]:
    if name.startswith("check"):
        return ["0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN or bad options."]
    return ["0, or 1 with one line on standard error when it failed, or 2 for bad options."]


def _paragraphs(story: str) -> list[str]:
    lines = []
    for part in story.split("\n\n"):
        if not part.strip():
            continue
        if "\n  " in f"\n{part}":  # a table or an example: its lines stay as they are
            kept = textwrap.dedent(part.strip("\n"))
            lines += [".PP", ".nf", *(_roff(line) for line in kept.splitlines()), ".fi"]
        else:
            lines += [".PP", _roff(plain(part))]
    return lines


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _roff(text: str) -> str:
    plain_text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain_text}" if plain_text[:1] in (".", "'") else plain_text
