"""Signatures leave out no letter that holds a text, and most of those that hold none."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from gearmang.dead_letters.store.signatures import LETTERS, SHORTEST, candidates, places, segment

CHANCE = random.Random(5)
FILLED = [[CHANCE.randbytes(300), b"[]"] for _ in range(20)]


def found(letters: list[list[bytes]], text: bytes) -> list[int]:
    return candidates(dict(enumerate(segment(letters))), places(text))


@settings(deadline=None, max_examples=40)
@given(
    text=st.binary(min_size=SHORTEST, max_size=30),
    before=st.binary(max_size=9),
    behind=st.binary(max_size=9),
    where=st.integers(0, 21),
)
def test_a_letter_that_holds_a_text_is_never_left_out(
    text: bytes, before: bytes, behind: bytes, where: int
) -> None:
    letters = [*FILLED]
    letters.insert(where, [b"payload", before + text + behind])
    assert min(where, len(FILLED)) in found(letters, text)


def test_letters_that_hold_no_such_text_are_left_out() -> None:
    assert found(FILLED, b"needle-4711") == []


def test_a_letter_too_long_to_be_told_apart_is_always_one() -> None:
    letters = [*FILLED, [b"x" * 1_000_000, b"[]"]]
    assert found(letters, b"needle-4711") == [len(FILLED)]


def test_the_last_letter_of_a_full_segment_is_found() -> None:
    letters = [[b""]] * (LETTERS - 1) + [[b"a needle in it"]]
    assert found(letters, b"needle") == [LETTERS - 1]
