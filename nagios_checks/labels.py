"""Perfdata labels in the one alphabet that no reader rewrites, the same for the same series always.

``resize``, ``resize--busy``, ``resize--at-gm1-4730``: function, quantity and server, each written
by `gearmang.watch.naming`, whose bytes have capitals, so that ``--busy`` is never one of them. RRD
tells labels apart by their first 19 characters: a longer label begins with the checksum of all of
it, ``1c291ca3-mail_newsletter--at-gm1-4730``.
"""

from __future__ import annotations

from zlib import crc32

LONGEST_NAME = 60  # characters of a function's name
LONGEST_HOST = 40  # characters
DISTINCT_PREFIX = 19  # characters by which RRD tells two labels apart
SUMS = frozenset({"arrived", "kept", "_others"})  # labels of sums over functions

_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_HEXADECIMAL = frozenset("0123456789abcdef")
_CHECKSUM_DIGITS = 8


def label(name: str, quantity: str = "", server: str = "", *, of_all: bool = False) -> str:
    """The label of one series.

    Args:
        name: the function; or, with ``of_all``, a sum over functions, which none is taken for.
        quantity: which of several numbers of it, in small letters.
        server: HOST:PORT where the label shall tell it.
        of_all: whether it is such a sum.
    """
    whole = _written(name, LONGEST_NAME)
    if quantity:
        whole += f"--{quantity}"
    if server:
        host, _, port = server.rpartition(":")
        whole += f"--at-{_written(host.strip('[]'), LONGEST_HOST)}-{port}"
    taken = whole in SUMS and not of_all
    if len(whole) <= DISTINCT_PREFIX and not taken and not _like_a_checksum(whole):
        return whole
    text = f"{name} {quantity} {server}".encode("utf-8", "surrogateescape")
    return f"{crc32(text):0{_CHECKSUM_DIGITS}x}-{whole}"


def _written(name: str, longest: int) -> str:
    if 0 < len(name) <= longest and _HARMLESS.issuperset(name):
        return name
    from gearmang.watch.naming import series_name  # late: most names are harmless

    return series_name(name, longest)


def _like_a_checksum(text: str) -> bool:
    return text[_CHECKSUM_DIGITS:][:1] == "-" and _HEXADECIMAL.issuperset(text[:_CHECKSUM_DIGITS])
