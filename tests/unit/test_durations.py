"""Times as people write them, and as they are written for people and for programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from gearmang.durations import BadTime, from_iso, iso, moment, seconds, short, told


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", 90), ("15m", 900), ("1h30m", 5_400), ("7d", 604_800), ("2w", 1_209_600),
        ("0s", 0), ("90", 90), ("1.5", 1.5), ("2.25s", 2.25), ("500ms", 0.5), ("1s500ms", 1.5),
        ("1H", 3_600), (" 5m ", 300),
    ],
)  # fmt: skip
def test_a_span_is_so_many_seconds(text: str, span: float) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize("text", ["", "s", "1h 30m", "-5m", "1y", "m", "1m1h", "٤s", "5 s", "1e3"])
def test_what_is_no_span_is_named(text: str) -> None:
    with pytest.raises(BadTime, match="no duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (None, "-"), (0, "0s"), (0.0123, "12.3ms"), (0.5, "500ms"), (1.254, "1.25s"),
        (45, "45s"), (60, "1m"), (750, "12m30s"), (3_600, "1h"), (7_500, "2h5m"),
        (86_399, "23h59m"), (86_400, "1d"), (3 * 86_400 + 4 * 3_600, "3d4h"),
    ],
)  # fmt: skip
def test_a_span_is_written_in_two_units_at_most(span: float | None, text: str) -> None:
    assert short(span) == text


@pytest.mark.parametrize(("text", "back"), [("2h", 7_200), ("1h30m", 5_400), ("7d", 604_800)])
def test_a_span_is_a_moment_so_long_ago(text: str, back: float) -> None:
    assert moment(text, now=1_000_000.0) == 1_000_000.0 - back


def test_a_date_is_of_the_terminals_zone_unless_it_names_one() -> None:
    assert (
        moment("2026-11-24T08:00") == datetime.fromisoformat("2026-11-24T07:00+00:00").timestamp()
    )
    assert moment("2026-11-24T08:00Z") == moment("2026-11-24T09:00")
    assert moment("2026-11-24") == moment("2026-11-23T23:00Z")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "-", "", "12345"])
def test_what_is_no_moment_is_named(text: str) -> None:
    with pytest.raises(BadTime, match="no time"):
        moment(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T00:00:10", 10),
        ("1970-01-01T02:00:10+02:00", 10),
        ("1970-01-01T02:00:10+0200", 10),
        ("1970-01-01T00:00:10.5Z", 10.5),
        ("1970-01-01T00:00:10.123456789Z", 10.123456),
        ("1970-01-01 00:00:10z", 10),
    ],
)
def test_a_time_of_rfc_3339_is_read_with_its_offset(text: str, at: float) -> None:
    assert from_iso(text) == at


@pytest.mark.parametrize("text", ["", "now", "10", "2026-11-24T25:00:00Z", "99999-01-01T00:00:00Z"])
def test_a_time_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadTime):
        from_iso(text)


def test_people_are_told_the_terminals_zone_and_programs_utc() -> None:
    assert told(0.5) == "1970-01-01 01:00:00 +0100"
    assert iso(0.5) == "1970-01-01T00:00:00.500000Z"
    assert (told(None), iso(None)) == ("-", None)
