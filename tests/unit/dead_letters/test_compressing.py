"""What is large is kept compressed, and comes out as it was, whatever it is."""

import pytest

from gearmang.dead_letters.store.compressing import LEAST, compressed, decompressed

MARK = compressed(b"a" * LEAST)[:18]


@pytest.mark.parametrize(
    "data",
    [b"", b"short", b"a" * LEAST, bytes(range(256)) * 40, MARK, MARK + b"\x28\xb5\x2f\xfd short"],
)
def test_bytes_come_out_as_they_went_in(data: bytes) -> None:
    assert decompressed(compressed(data)) == data


def test_what_is_short_is_kept_as_it_is() -> None:
    assert compressed(b"a" * (LEAST - 1)) == b"a" * (LEAST - 1)


def test_what_is_long_takes_less() -> None:
    assert len(compressed(b'{"a": 1}' * 500)) < 200


def test_what_would_not_get_shorter_is_kept_as_it_is() -> None:
    import random

    noise = random.Random(1).randbytes(5_000)
    assert compressed(noise) == noise


def test_what_an_earlier_version_stored_is_what_it_is() -> None:
    assert decompressed(b"\x28\xb5\x2f\xfd of a user") == b"\x28\xb5\x2f\xfd of a user"
