"""Times as people write them."""

import time
from datetime import datetime

import click
import pytest

from gearmang.cli.dead.when import Age, When, iso


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h30m", 5_400), ("7d", 604_800), ("2w", 1_209_600), ("0s", 0)],
)
def test_a_length_of_time(text: str, seconds: float) -> None:
    assert Age().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "90", "s", "1h 30m", "-5m", "1y"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Age().convert(text, None, None)


def test_an_age_counts_back_from_now() -> None:
    assert When().convert("2h", None, None) == pytest.approx(time.time() - 7_200, abs=5)


def test_a_date_is_of_the_readers_clock_unless_it_names_a_zone() -> None:
    here = datetime(2026, 11, 24, 8, 0).astimezone().timestamp()  # on purpose
    assert When().convert("2026-11-24T08:00", None, None) == here
    assert When().convert("1970-01-01T00:00:10+00:00", None, None) == 10


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "-"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        When().convert(text, None, None)


def test_json_has_utc_with_a_z() -> None:
    assert iso(0.5) == "1970-01-01T00:00:00.500000Z"
