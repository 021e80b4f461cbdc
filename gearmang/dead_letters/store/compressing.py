"""What is large is kept compressed: no reader of a column notices."""

from __future__ import annotations

import threading
from typing import Any, Final

import zstandard
from sqlalchemy import LargeBinary
from sqlalchemy.types import TypeDecorator

LEAST: Final = 1024  # bytes; what is shorter is kept as it is
_LEVEL: Final = 3
# What stands before compressed bytes: no text, no JSON, no archive begins so. A payload that does
# is compressed whatever its length: nobody can pass off other bytes as what it was.
_MARK: Final = b"\x00\xffgearmang zstd\x01"


class _Codecs(threading.local):
    """One of each for every thread: they may not be shared."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_CODECS: Final = _Codecs()


def compressed(data: bytes) -> bytes:
    """The bytes as they are stored: with zstd where that makes them shorter."""
    must = data.startswith(_MARK)
    if len(data) < LEAST and not must:
        return data
    made = _MARK + _CODECS.compressor.compress(data)
    return made if must or len(made) < len(data) else data


def decompressed(stored: bytes) -> bytes:
    """The bytes as they were; what an earlier version stored is what it is."""
    if not stored.startswith(_MARK):
        return stored
    return _CODECS.decompressor.decompress(stored[len(_MARK) :])


class Compressed(TypeDecorator[bytes]):
    """A column of bytes that are compressed on their way in and decompressed on their way out."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        return None if value is None else compressed(value)

    def process_result_value(self, value: Any, dialect: Any) -> bytes | None:
        return None if value is None else decompressed(bytes(value))
