"""Payloads made readable."""

import pytest

from gearmang.dead_letters.looking.presenting import from_the_users_frame, shown


def test_json_is_set_out() -> None:
    assert shown(b'{"a":1}').text == '{\n  "a": 1\n}'
    assert shown(b'{"a":1}').value == {"a": 1}


def test_json_secrets_are_masked_unless_asked_for() -> None:
    assert shown(b'{"token":"x"}').value == {"token": "***"}
    assert shown(b'{"token":"x"}', secrets=True).value == {"token": "x"}


def test_text_stays_text() -> None:
    assert shown("größe".encode()) == ("text", "größe", "größe")


def test_bytes_become_hexadecimal() -> None:
    assert shown(b"\x00\xffA").form == "bytes"
    assert shown(b"\x00\xffA").text == "00000000  00 ff 41" + " " * 41 + "..A"


def test_a_long_payload_is_cut_and_it_is_said() -> None:
    assert shown(b"x" * 100, most=10).text.endswith(
        "… 90 more bytes; `gearmang dead export` has them all"
    )


def test_json_nested_beyond_reason_is_shown_as_text() -> None:
    assert shown(b"[" * 50_000).form == "text"


OURS = '  File "/usr/lib/python3/gearmang/worker/executor.py", line 9, in run\n    function(job)\n'
THEIRS = '  File "/srv/shop/thumbnails.py", line 3, in resize\n    job.data["width"]\n'
HEAD, END = "Traceback (most recent call last):\n", "KeyError: 'width'\n"


@pytest.mark.parametrize(
    ("traceback", "shown"),
    [
        (HEAD + OURS + OURS + THEIRS + OURS + END, HEAD + THEIRS + OURS + END),
        (HEAD + THEIRS + END, HEAD + THEIRS + END),
        (HEAD + OURS + END, HEAD + OURS + END),
        ("no traceback at all", "no traceback at all"),
    ],
)
def test_a_traceback_begins_at_the_users_frame_where_there_is_one(
    traceback: str, shown: str
) -> None:
    assert from_the_users_frame(traceback) == shown
