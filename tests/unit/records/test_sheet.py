"""The page of drawings, from records to HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gearmang.records.database import opened
from gearmang.records.picture import Picture, picture
from gearmang.records.selection import Selection
from gearmang.records.sheet import Deaths, percent, sheet
from tests.unit.records.conftest import Write, line


class Balanced(HTMLParser):
    """Fails on tags that are not closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def gathered(folder: Path, every_s: int | None = 60, of: str = "duration_ms") -> Picture:
    with opened([str(folder)]) as database:
        return picture(database, Selection((str(folder),)), by="task", of=of, every_s=every_s)


def page(folder: Path, **options: Any) -> str:
    found = gathered(folder, **options)
    of = options.get("of", "duration_ms")
    return sheet("title", found, by="task", of=of, mask=lambda text: text.replace("secret", "***"))


@pytest.mark.parametrize("count", [1, 2, 50])
def test_the_page_is_whole_and_needs_nothing_from_elsewhere(write: Write, count: int) -> None:
    times = [f"2026-11-24T10:{minute:02d}:00Z" for minute in range(count)]
    made = page(write(*(line(ts=at) for at in times), line(task="mail", outcome="failure")))
    parser = Balanced()
    parser.feed(made)
    assert parser.open == []
    assert "http" not in made
    assert "<script" not in made


def test_one_failure_in_a_thousand_is_drawn_on_an_axis_of_its_own(write: Write) -> None:
    made = page(write(*(line() for _ in range(999)), line(outcome="failure", error_type="A")))
    assert made.count('class="failed"') == 2  # in the overview and of its cause
    assert "0.1 %" in made


def test_what_matters_is_said_first_in_words(write: Write) -> None:
    failure = line(outcome="failure", error_type="OSError", queue_ms=5000)
    made = page(write(line(), failure, line(duration_ms=float("nan"))))
    for said in (
        "<b>3</b> attempts",
        "1</b> failed (33 %)",
        "<b>OSError</b> in resize",
        "within <b>5s</b>",
        "1 odd values",
    ):
        assert said in made


def test_hostile_names_are_text_and_secrets_are_masked(write: Write) -> None:
    hostile = "<script>alert(1)</script>"
    bad = line(task=hostile, outcome="failure", error_type=hostile, error_message="secret\x1b[1m")
    made = page(write(bad, line()))
    assert "<script" not in made
    assert "secret" not in made
    assert "\x1b" not in made


def test_groups_are_the_busiest_first(write: Write) -> None:
    found = gathered(write(line(task="b"), line(task="a"), line(task="a")))
    assert list(found.groups) == ["a", "b"]
    assert sum(point.jobs for point in found.whole) == 3


def test_causes_are_told_over_time(write: Write) -> None:
    times = ("2026-11-24T10:00:10Z", "2026-11-24T10:00:20Z", "2026-11-24T10:05:00Z")
    found = gathered(write(*(line(ts=at, outcome="failure", error_type="A") for at in times)))
    assert sorted(found.causes[0].times.values()) == [1, 2]
    assert found.causes[0].failures == 3


def test_workers_that_started_meanwhile_are_counted_once_a_process(write: Write) -> None:
    start = 1_795_514_400  # 2026-11-24T10:00:00Z
    ids = (f"w@gm1:7#1+{start + 60}", f"w@gm1:7#2+{start + 60}", f"w@gm1:8+{start - 60}", "odd")
    folder = write(*(line(worker=one) for one in ids), line(ts="2026-11-24T10:05:00Z"))
    assert gathered(folder).starts == [start + 60.0]
    assert "workers started" in page(folder)


def test_spans_are_chosen_where_none_is_asked_for(write: Write) -> None:
    folder = write(line(), line(ts="2026-11-24T20:00:00Z"))
    assert gathered(folder, every_s=None).every_s == 300


def test_a_number_that_nobody_recorded_is_said(write: Write) -> None:
    assert "image.bytes: not recorded" in page(write(line()), of="image.bytes")


def test_records_without_an_attempt_make_no_points(write: Write) -> None:
    found = gathered(write(line(outcome=None)))
    assert (found.whole, found.total, found.starts) == ([], None, [])


def test_causes_of_dead_letters_are_listed(write: Write) -> None:
    found = gathered(write(line()))
    deaths = [Deaths("0123456789ab", "resize", "OSError: full", 7)]
    made = sheet("t", found, by="task", of="duration_ms", mask=str, deaths=deaths)
    assert "<b>7</b> dead letters arrived" in made
    assert "0123456789ab" in made
    none = sheet("t", found, by="task", of="duration_ms", mask=str, deaths=[])
    assert "<li>none</li>" in none


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0 %"), (1, 5000, "0.02 %"), (13, 1000, "1.3 %"), (1, 4, "25 %"), (5, 5, "100 %")],
)
def test_shares_have_the_digits_that_say_something(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text
