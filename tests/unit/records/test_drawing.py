"""Drawings over time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gearmang.records.drawing import Frame, band, bars, chart, line, round_up

START = 1_795_514_400.0  # 2026-11-24T10:00:00Z


@pytest.fixture
def kolkata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal half an hour off the full one."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_one_span_of_time_is_a_bar_with_room_around_it() -> None:
    frame = Frame.around([START], 60)
    drawn = bars(frame, [(START, 5, "five")], 5, "done")
    assert drawn.count("<rect") == 1
    assert (frame.end - frame.start, frame.start < START) == (360, True)


def test_many_spans_fill_the_drawing() -> None:
    frame = Frame.around([START, START + 600], 60)
    assert (frame.start, frame.end) == (START, START + 660)
    assert (frame.x(START), frame.x(START + 660)) == (0, 1000)


def test_a_bar_that_is_not_nothing_is_seen_and_nothing_is_no_bar() -> None:
    frame = Frame.around([START, START + 60], 60)
    drawn = bars(frame, [(START, 1, "one"), (START + 60, 0, "none")], 1000, "failed")
    assert 'height="2.00"' in drawn
    assert drawn.count("<rect") == 1


def test_a_line_breaks_where_nothing_was_done() -> None:
    frame = Frame.around([START, START + 600], 60)
    together = [(START, 1.0), (START + 60, 2.0)]
    assert line(frame, together, 2, "mid").count("M") == 1
    assert line(frame, [*together, (START + 600, 1.0)], 2, "mid").count("M") == 2
    assert line(frame, [], 2, "mid") == ""


def test_a_line_of_one_span_is_as_wide_as_the_span() -> None:
    frame = Frame(START, START + 100, 10)
    assert 'd="M0.00 0.00L50.00 0.00L100.00 0.00"' in line(frame, [(START, 1.0)], 1, "mid")


def test_a_band_lies_between_two_values() -> None:
    frame = Frame(START, START + 100, 100)
    drawn = band(frame, [(START, 1.0, 2.0)], 4, "band")
    assert "50.00" in drawn
    assert "75.00" in drawn
    assert band(frame, [], 4, "band") == ""


@pytest.mark.usefixtures("kolkata")
def test_times_are_round_in_the_terminals_zone() -> None:
    labels = [text for _, text in Frame(START, START + 4 * 3600, 60).labels()]
    assert labels == ["16:00", "17:00", "18:00", "19:00"]


@pytest.mark.usefixtures("kolkata")
def test_midnight_is_told_by_its_day_and_seconds_where_they_matter() -> None:
    assert "25 Nov" in [text for _, text in Frame(START, START + 86_400 * 2, 60).labels()]
    assert ("15:30:10") in [text for _, text in Frame(START, START + 50, 1).labels()]


def test_an_axis_is_labelled_by_its_ends_and_middle_and_labels_are_text() -> None:
    drawn = chart(Frame.around([START], 60), "", 10, lambda value: f"<{value:g}>", "key")
    assert all(f"&lt;{value}&gt;" in drawn for value in (0, 5, 10))


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (0.3, 0.5), (0.04, 0.05), (1, 1), (7, 10), (23, 25), (999, 1000), (float("nan"), 1)],
)
def test_axes_end_at_round_numbers(value: float, top: float) -> None:
    assert round_up(value) == pytest.approx(top)
