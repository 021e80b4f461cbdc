"""Names of functions and servers as names of collectd's series: never two on one series.

collectd cuts a name at 127 bytes without a word, makes ``_`` of ``/`` and refuses NUL and what is
no UTF-8 (seen with 5.12); what writes its values on rewrites more. `gearmang.watch.naming` names
functions so that they stay apart everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote_from_bytes

from gearmang.watch import naming

OTHER: Final = "_other"
LONGEST: Final = 100  # bytes, out of 127: room for a prefix such as ``oldest_worker-``

_SAFE: Final = "_-.:@+"
_CUT_MARK: Final = "%~"  # never comes of a quoted byte
_DIGEST_DIGITS: Final = 16


class Names(dict[str, str]):
    """Function → series name; what was made once is looked up.

    Args:
        prefix: what the names begin with, where a type has series of several kinds.
    """

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix
        self._last: tuple[Sequence[str], list[str]] = ((), [])

    def __missing__(self, function: str) -> str:
        made = self[function] = self.prefix + series_name(function)
        return made

    def of(self, functions: Iterable[str]) -> Iterator[str]:
        """The series names of several functions."""
        return map(self.__getitem__, functions)

    def of_all(self, functions: Sequence[str]) -> list[str]:
        """The same for a list that is asked about again and again, as the same object."""
        if self._last[0] is not functions:
            self._last = functions, list(map(self.__getitem__, functions))
        return self._last[1]


class SeriesNames:
    """The series names of one server's functions, by what they begin with."""

    def __init__(self) -> None:
        self.plain = Names()
        self.busy = Names("busy-")
        self.stalled = Names("stalled-")
        self.workers = Names("workers-")
        self.oldest = Names("oldest_worker-")
        self.flow = Names("flow-")
        self.waiting = Names("waiting-")
        self.longest = Names("running-")
        self.submitted = Names("submitted-")
        self.drained = Names("drained-")
        self.priorities = {kind: Names(f"{kind}-") for kind in ("high", "normal", "low")}
        self._known: tuple[str, ...] = ()

    def known(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The same names, as the same object as before where they have not changed."""
        if names != self._known:
            self._known = names
        return self._known

    def forget(self, most: int) -> None:
        """Keep them in proportion: clients can invent names without end."""
        for names in (*vars(self).values(), *self.priorities.values()):
            if isinstance(names, Names) and len(names) > most:
                names.clear()


def series_name(function: str) -> str:
    """The series name of a function; `OTHER` is never made of one."""
    written = naming.series_name(function)
    return "--5Fother" if written == OTHER else written


def quoted_name(text: str, also_safe: str = "") -> str:
    """The name, quoted and within the length that collectd keeps."""
    data = text.encode("utf-8", "surrogateescape")
    quoted = quote_from_bytes(data, _SAFE + also_safe)
    if len(quoted) <= LONGEST:
        return quoted or "%"  # the empty name; no other gives a lone %
    digest = hashlib.sha256(data).hexdigest()[:_DIGEST_DIGITS]
    return quoted[: LONGEST - len(_CUT_MARK) - len(digest)] + _CUT_MARK + digest
