"""What can be sent to gearmand, and what is refused before it is sent."""

import pytest

from gearmang.job.submission import LONGEST_FUNCTION, Packed
from gearmang.protocol import wire
from gearmang.protocol.key import LONGEST_UNIQUE


@pytest.mark.parametrize(
    ("priority", "command"),
    [
        ("high", wire.SUBMIT_JOB_HIGH_BG),
        ("normal", wire.SUBMIT_JOB_BG),
        ("low", wire.SUBMIT_JOB_LOW_BG),
    ],
)
def test_each_priority_has_its_command(priority: str, command: int) -> None:
    packed = Packed("f", b"x", "key", priority)  # type: ignore[arg-type]  # parametrized

    assert packed.request() == wire.request(command, b"f", b"key", b"x")


def test_a_scheduled_job_is_sent_with_its_time() -> None:
    assert Packed("f", b"x", "key", at=12).request() == wire.request(
        wire.SUBMIT_JOB_EPOCH, b"f", b"key", b"12", b"x"
    )


@pytest.mark.parametrize("function", ["", "a\0b", "x" * (LONGEST_FUNCTION + 1)])
def test_a_name_that_gearmand_would_not_take_is_refused(function: str) -> None:
    with pytest.raises(ValueError, match="is no function name"):
        Packed(function, b"", "key").request()


@pytest.mark.parametrize("unique", ["a\0b", "x" * (LONGEST_UNIQUE + 1)])
def test_a_key_that_gearmand_would_cut_is_refused(unique: str) -> None:
    with pytest.raises(ValueError, match="the unique key"):
        Packed("f", b"", unique).request()


def test_a_name_that_is_no_utf8_is_sent_as_the_bytes_that_it_was() -> None:
    assert b"\xff" in Packed("\udcff", b"", "key").request()
