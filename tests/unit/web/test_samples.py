"""A day of samples in a small file."""

from pathlib import Path

import pytest

from gearmang.web.samples import HOUR_MINUTES, KEPT_MINUTES, Sample, Samples, SamplesError

BEGIN = 30_000_000  # a minute, at the start of an hour


def add(samples: Samples, minute: int, *, whole: bool = True, **waiting: int) -> None:
    functions = [(name, Sample(count, 1, 2)) for name, count in waiting.items()]
    samples.add((BEGIN + minute) * 60 + 5, functions, whole=whole)


def test_the_hour_ends_with_the_newest_minute() -> None:
    samples = Samples()
    for minute, waiting in enumerate((3, 5, 4)):
        add(samples, minute, resize=waiting)
    assert samples.hour("resize")[-3:] == [3, 5, 4]


def test_a_minute_in_which_a_server_was_lost_is_a_gap() -> None:
    samples = Samples()
    add(samples, 0, resize=3)
    add(samples, 1, resize=1, whole=False)
    add(samples, 2, resize=4)
    assert samples.hour("resize")[-3:] == [3, None, 4]
    assert [sample and sample.waiting for _, sample in samples.day("resize")] == [3, None, 4]


def test_only_the_first_poll_of_a_minute_is_kept() -> None:
    samples = Samples()
    add(samples, 0, resize=3)
    add(samples, 0, resize=9)
    assert samples.day("resize") == [(BEGIN, Sample(3, 1, 2))]


def test_a_function_that_vanished_counts_as_empty() -> None:
    samples = Samples()
    add(samples, 0, resize=3)
    add(samples, 1)
    assert samples.day("resize")[-1] == (BEGIN + 1, Sample(0, 0, 0))
    assert samples.hour("resize")[-2:] == [3, 0]


def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    samples = Samples(tmp_path / "web.db")
    for minute in range(5):
        add(samples, minute, resize=3)
    count = samples._connection.execute("SELECT count(*) FROM samples").fetchone()
    assert count == (1,)
    assert [sample and sample.waiting for _, sample in samples.day("resize")] == [3] * 5


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    before = Samples(tmp_path / "web.db")
    add(before, 0, resize=3, other=1)
    add(before, 1, resize=3)
    before.close()
    after = Samples(tmp_path / "web.db")
    assert after.hour("resize")[-2:] == [3, 3]
    assert after.hour("other")[-2:] == [1, 0]
    add(after, 3, resize=3)
    assert [sample and sample.waiting for _, sample in after.day("resize")] == [3, 3, None, 3]


def test_a_day_is_kept_and_no_more(tmp_path: Path) -> None:
    samples = Samples(tmp_path / "web.db")
    for minute in range(0, KEPT_MINUTES + 2 * HOUR_MINUTES + 1, 10):
        add(samples, minute, resize=minute)
    rows = samples._connection.execute("SELECT min(minute), count(*) FROM samples").fetchone()
    assert rows[0] == BEGIN + 2 * HOUR_MINUTES
    assert rows[1] == KEPT_MINUTES // 10 + 1
    assert samples.day("resize")[0][0] > BEGIN + HOUR_MINUTES


def test_a_name_that_is_no_text_is_kept_as_it_is(tmp_path: Path) -> None:
    odd = b"\xff\x00x".decode("utf-8", "surrogateescape")
    with_odd = Samples(tmp_path / "web.db")
    with_odd.add(BEGIN * 60, [(odd, Sample(1, 0, 0))], whole=True)
    with_odd.close()
    assert Samples(tmp_path / "web.db").hour(odd)[-1] == 1


def test_the_file_is_not_for_everybody(tmp_path: Path) -> None:
    Samples(tmp_path / "web.db")
    assert (tmp_path / "web.db").stat().st_mode & 0o007 == 0


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match="--samples"):
        Samples(tmp_path / "missing" / "web.db")
