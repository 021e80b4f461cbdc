"""Names of functions as names of series: one alphabet that no reader rewrites.

Graphite splits at ``.`` and makes ``_`` of ``/``, Icinga's writers split at ``::``, InfluxDB's line
protocol at spaces, commas and ``=``, collectd makes ``_`` of ``/``; so two functions would share a
series, or one would hide. Letters, digits, ``_`` and ``-`` pass all of them. Whatever else a name
holds is written as ``--XX``, its byte in hexadecimal: ``image.resize`` is ``image--2Eresize``. What
is then too long keeps both its ends, with a digest between them. No two names are written alike.
"""

from __future__ import annotations

import hashlib
import re

LONGEST = 100  # bytes, out of the 127 that collectd keeps: room for a prefix such as ``flow-``

_DIGEST_DIGITS = 16
_CUT = "--x"  # never comes of a byte: those are two digits, in capitals
_EMPTY = "--empty"
_HARMLESS = r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*"
# A hyphen stands for itself only before a harmless character: `--` always begins a byte.
_BYTE = rb"[^A-Za-z0-9_-]|-(?![A-Za-z0-9_])"


def series_name(name: str, longest: int = LONGEST) -> str:
    """The name of a function's series.

    Args:
        name: any text; what was no UTF-8 is there by surrogateescape.
        longest: characters, at least 24.
    """
    if len(name) <= longest and re.fullmatch(_HARMLESS, name, re.ASCII):
        return name
    data = name.encode("utf-8", "surrogateescape")
    written = re.sub(_BYTE, lambda match: b"--%02X" % match[0][0], data).decode("ascii")
    if len(written) <= longest:
        return written or _EMPTY
    digest = hashlib.sha256(data).hexdigest()[:_DIGEST_DIGITS]
    room = longest - len(_CUT) - len(digest) - 1
    tail = room // 2
    return f"{written[: room - tail]}{_CUT}{digest}-{written[len(written) - tail :]}"
