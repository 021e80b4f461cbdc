"""Ids that are moments."""

import time

from gearmang.dead_letters.store.moment import first_id, minute_of, new_id

LARGEST = 2**63 - 1


def test_a_later_letter_has_a_higher_id() -> None:
    now = time.time()
    assert new_id(now) < new_id(now + 0.001)


def test_ids_of_one_moment_differ() -> None:
    now = time.time()
    assert len({new_id(now) for _ in range(1_000)}) == 1_000


def test_the_first_id_of_a_time_is_not_above_any_id_of_it() -> None:
    now = time.time()
    assert first_id(now) <= new_id(now) < first_id(now + 0.000_01)


def test_ids_fit_into_a_signed_integer_whatever_the_clock_says() -> None:
    for moment in (-1.0, 0.0, 4e9, 1e30):
        assert 0 <= new_id(moment) <= LARGEST


def test_minutes_are_counted_since_the_epoch() -> None:
    assert minute_of(119.9) == 1
