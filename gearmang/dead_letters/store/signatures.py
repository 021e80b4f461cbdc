"""What a letter may hold, in 8,192 bits: most that cannot hold a text are passed by unread.

A letter's signature has a bit for each four bytes in a row, at every other place of its payload and
its dossiers. The signatures of 1,024 letters are a segment, kept by bits: one bit of all of them
stands together, so that a search reads a few bits of each segment, and no letter. Text that is
shorter than `SHORTEST` has no four bytes at a place of either kind, and is not looked for here.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

SHORTEST: Final = 5  # bytes
LETTERS: Final = 1024  # of a segment
BITS: Final = 8192  # of a signature
BITS_A_PART: Final = 64  # that are kept, and read, together

_BYTES: Final = LETTERS // 8  # that one bit of a segment takes
_GRAM: Final = 4  # bytes
_MASK: Final = (BITS - 1).to_bytes(2, "little")
_TOO_LONG: Final = 128 * 1024  # bytes: such a letter would have all bits anyhow
_ALL: Final = bytes([1]) * BITS

Places = frozenset[int]  # bits that are all set where a text stands


def segment(letters: Sequence[Sequence[bytes]]) -> list[bytes]:
    """The parts of a segment.

    Args:
        letters: what each holds; at most `LETTERS`.
    """
    rows = []
    for start in range(0, LETTERS, 8):
        row = 0
        for place, texts in enumerate(letters[start : start + 8]):
            row |= int.from_bytes(_signature(texts), "little") << place
        rows.append(row.to_bytes(BITS + 1, "little")[:BITS])
    table = b"".join(rows)
    bits = [table[bit::BITS] for bit in range(BITS)]
    return [b"".join(bits[at : at + BITS_A_PART]) for at in range(0, BITS, BITS_A_PART)]


def places(text: bytes) -> tuple[Places, Places]:
    """Where it stands in a letter, its bits are set: those of one tuple, or those of the other."""
    first, second = (
        frozenset(_grams(text[at:])[: (len(text) - at - _GRAM) // 2 + 1]) for at in (0, 1)
    )
    return first, second


def parts_of(wanted: Iterable[Places]) -> list[int]:
    """The parts that tell which letters may hold it."""
    return sorted({place // BITS_A_PART for each in wanted for place in each})


def candidates(parts: dict[int, bytes], wanted: Iterable[Places]) -> list[int]:
    """Which letters of a segment may hold it, counted from 0.

    Args:
        parts: of the segment, at least those of `parts_of`.
    """
    found = 0
    for each in wanted:
        having = (1 << LETTERS) - 1
        for place in each:
            start = place % BITS_A_PART * _BYTES
            bits = parts[place // BITS_A_PART][start : start + _BYTES]
            having &= int.from_bytes(bits, "little")
        found |= having
    return [number for number in range(LETTERS) if found >> number & 1] if found else []


def _signature(texts: Iterable[bytes]) -> bytes:
    """A byte a bit, 1 where it is set."""
    marks = bytearray(BITS)
    for text in texts:
        if len(text) > _TOO_LONG:
            return _ALL
        for gram in _grams(text):
            marks[gram] = 1
    return bytes(marks)


def _grams(text: bytes) -> array[int]:
    """A number below `BITS` for the four bytes at every other place; the last one has fewer."""
    length = len(text) + len(text) % 2
    number = int.from_bytes(text, "little")
    # All at once: an operation on one long number costs a thousandth of as many on short ones.
    mixed = (number ^ number >> 7 ^ number >> 16) & int.from_bytes(_MASK * (length // 2), "little")
    return array("H", mixed.to_bytes(length, "little"))
