"""The page of drawings."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from gearmang.records.chart import Point, _round_up, page

START = datetime(2026, 11, 24, 10, tzinfo=UTC)


class Balanced(HTMLParser):
    """Fails on tags that are not closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def points(count: int) -> list[Point]:
    return [Point(START + timedelta(minutes=n), 10, n % 2, 1.0, 2.0, 3.0 + n) for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 50])
def test_the_page_is_whole_and_needs_nothing_from_elsewhere(count: int) -> None:
    made = page("durations", {"resize": points(count)}, 60, "ms")
    parser = Balanced()
    parser.feed(made)
    assert parser.open == []
    assert parser.seen.count("rect") == 2 * count
    assert "http" not in made
    assert "<script" not in made


def test_a_hostile_name_is_text() -> None:
    made = page("t", {"<script>alert(1)</script>": points(1)}, 60, "ms")
    assert "<script" not in made


def test_spans_without_a_number_are_gaps() -> None:
    series = [points(1)[0], Point(START + timedelta(minutes=1), 1, 1, None, None, None)]
    assert 'd="M' in page("t", {"resize": series}, 60, "ms")


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.3, 0.5), (0.04, 0.05), (1, 1), (7, 10), (23, 25), (999, 1000)]
)
def test_axes_end_at_round_numbers(value: float, top: float) -> None:
    assert _round_up(value) == pytest.approx(top)
