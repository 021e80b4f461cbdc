"""When crashes of one kind stop being retried, and when one is tried again."""

from gearmang.worker.policy import MOST_FINGERPRINTS, Breaker


def test_the_fifth_crash_within_a_minute_is_diverted_and_so_are_later_ones() -> None:
    breaker = Breaker(5)

    assert [breaker.crashed("a", second) for second in range(7)] == [False] * 4 + [True] * 3


def test_crashes_that_are_spread_over_more_than_a_minute_are_not_diverted() -> None:
    breaker = Breaker(5)

    assert not any(breaker.crashed("a", 20.0 * number) for number in range(20))


def test_fingerprints_are_counted_apart() -> None:
    breaker = Breaker(2)

    assert not any(breaker.crashed(name, 0.0) for name in "abcdef")


def test_after_a_minute_one_is_tried_again_and_the_next_diverted() -> None:
    breaker = Breaker(2)
    assert [breaker.crashed("a", 0.0), breaker.crashed("a", 1.0)] == [False, True]

    assert [breaker.crashed("a", now) for now in (60.0, 61.5, 62.0, 122.0)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_quiet_minute_closes_it() -> None:
    breaker = Breaker(2)
    assert [breaker.crashed("a", 0.0), breaker.crashed("a", 1.0)] == [False, True]

    assert [breaker.crashed("a", now) for now in (200.0, 201.0)] == [False, True]


def test_0_never_diverts() -> None:
    breaker = Breaker(0)

    assert not any(breaker.crashed("a", 0.0) for _ in range(100))


def test_it_does_not_remember_without_end() -> None:
    breaker = Breaker(2)

    for number in range(MOST_FINGERPRINTS * 2):
        breaker.crashed(str(number), 0.0)

    assert len(breaker._crashes) == MOST_FINGERPRINTS
