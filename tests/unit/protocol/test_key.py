"""Unique keys: everything that must be known of a job, in 64 bytes."""

import pytest

from gearmang.protocol.key import LARGEST_COUNT, LONGEST_UNIQUE, JobKey, mark_of, new_key

JOB_ID = "00ff10ef20df30cf40bf50af609f708f"


def key(**changes: object) -> JobKey:
    return JobKey(JOB_ID, 1764050000.123, mark_of("resize"))._replace(**changes)  # type: ignore[arg-type]


def test_a_key_is_written_as_documented() -> None:
    assert str(key()) == "g1.AP8Q7yDfMM9Av1CvYJ9wjw.19ab9b9bffb.d33e2c.1.1".replace(
        "19ab9b9bffb", f"{1764050000123:x}"
    ).replace("d33e2c", mark_of("resize"))


@pytest.mark.parametrize(
    "written",
    [
        key(),
        key(delivery=17, attempt=3),
        key(not_before=1764060000),
        key(job_id="f" * 32, delivery=LARGEST_COUNT, attempt=LARGEST_COUNT, not_before=0xFFFFFFFF),
    ],
)
def test_a_key_is_read_as_it_was_written_and_fits(written: JobKey) -> None:
    assert JobKey.parse(str(written)) == written
    assert len(str(written)) <= LONGEST_UNIQUE


@pytest.mark.parametrize(
    "unique",
    [
        "",
        "g1.",
        "3f2b8c1e-9a54-4d0c-8e7d-5a1b2c3d4e5f",
        str(key()) + ".1.1",
        str(key()).upper(),
        str(key()) + "\n",
        str(key()).replace("g1.", "g2."),
        str(key()).replace("A", "é"),
    ],
)
def test_a_key_of_another_form_is_not_ours(unique: str) -> None:
    assert JobKey.parse(unique) is None


def test_counts_beyond_their_room_stay_at_the_largest() -> None:
    read = JobKey.parse(str(key(delivery=70_000, attempt=1 << 40)))
    assert read is not None
    assert (read.delivery, read.attempt) == (LARGEST_COUNT, LARGEST_COUNT)


def test_the_mark_of_a_name_that_is_no_utf8_is_that_of_its_bytes() -> None:
    assert mark_of(b"\xff".decode("utf-8", "surrogateescape")) == "a8100a"


def test_times_that_have_no_room_never_make_a_key_too_long_or_unreadable() -> None:
    for odd in (-1e300, 1e300):
        written = str(key(enqueued_at=odd, not_before=int(odd)))
        assert len(written) <= LONGEST_UNIQUE
        assert JobKey.parse(written) is not None


def test_a_new_key_is_the_first_delivery_of_a_job_with_an_id_of_its_own() -> None:
    first, second = (JobKey.parse(new_key("resize", 1764050000.123)) for _ in range(2))

    assert first is not None
    assert second is not None
    assert first.job_id != second.job_id
    assert first == key(job_id=first.job_id)
