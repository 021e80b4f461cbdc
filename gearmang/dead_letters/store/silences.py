"""A silence: functions, or servers, that alert nobody until a time. The standard library alone."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

FUNCTION: Final = "function"
SERVER: Final = "server"

ACTIVE: Final = (
    "SELECT silence, kind, glob, until, why, who FROM dead_letter_silences"
    " WHERE until > :now AND ended_at IS NULL ORDER BY until, silence"
)
"""The silences of now, for readers without SQLAlchemy; ``:now`` in seconds since the epoch."""


class Silence(NamedTuple):
    """Who is silent, until when, and why.

    Attributes:
        silence: its id.
        kind: ``function`` or ``server``: what the glob fits.
        until: seconds since the epoch.
        who: the operator.
    """

    silence: str
    kind: str
    glob: str
    until: float
    why: str | None
    who: str


def covering(
    silences: Iterable[Silence], *, function: str | None = None, server: str | None = None
) -> Silence | None:
    """The silence that a function, or something on a server, falls under; None for none."""
    names = {FUNCTION: function, SERVER: server}
    for silence in silences:
        name = names.get(silence.kind)
        if name is not None and fnmatchcase(name, silence.glob):
            return silence
    return None
