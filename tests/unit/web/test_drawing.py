"""Small drawings."""

from gearmang.web.drawing import day, rounded, sparkline, tasks
from gearmang.web.samples import Sample


def test_nothing_but_zeros_and_gaps_is_no_line() -> None:
    assert sparkline([0, None, 0]) is None
    assert sparkline([]) is None


def test_a_line_goes_up_to_its_most_and_tells_it() -> None:
    drawn = sparkline([0, 5, 10])
    assert drawn is not None
    assert drawn.path == "M0 17L30 9L60 1"
    assert drawn.told == "at most 10, 10 at the end"


def test_a_gap_breaks_the_line_and_a_lone_point_is_a_dot() -> None:
    drawn = sparkline([1, None, 1, 1])
    assert drawn is not None
    assert drawn.path.count("M") == 2
    assert drawn.path.count("h1") == 1


def test_a_day_breaks_where_a_server_was_lost() -> None:
    samples = [(minute, None if 20 <= minute < 40 else Sample(3, 1, 1)) for minute in range(60)]
    drawn = day(samples)
    assert drawn is not None
    assert drawn.count("M") == 4


def test_a_day_of_one_minute_is_not_drawn() -> None:
    assert day([(1, Sample(3, 1, 1))]) is None


def test_failed_tasks_are_drawn_over_the_others() -> None:
    drawn = tasks([(10, 2, 5.0), (0, 0, None)])
    assert drawn is not None
    assert drawn.count('class="bar"') == 1
    assert drawn.count('class="failed"') == 1


def test_a_scale_ends_at_a_round_number() -> None:
    assert [rounded(value) for value in (0, 1, 3, 99, 101)] == [1, 1, 5, 100, 200]
