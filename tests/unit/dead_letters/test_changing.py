"""What becomes of a payload: values set and taken away, jq, and what must not get lost."""

import pytest

from gearmang.dead_letters.acting.changing import Change
from gearmang.dead_letters.store.errors import NotAllowed

PAYLOAD = b'{"a": 1, "b": [{"c": 1}, 2]}'


def changed(change: Change, payload: bytes = PAYLOAD) -> bytes:
    return change.changer()(payload)


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("a", b'{"b":[{"c":1},2]}'),
        ("b.0.c", b'{"a":1,"b":[{},2]}'),
        ("b.1", b'{"a":1,"b":[{"c":1}]}'),
        ("b.0", b'{"a":1,"b":[2]}'),
    ],
)
def test_a_value_is_taken_away(path: str, after: bytes) -> None:
    assert changed(Change(deletions=(path,))) == after


@pytest.mark.parametrize("path", ["x", "a.b", "b.7", "b.x", "x.y"])
def test_what_is_not_there_needs_no_deletion_and_the_payload_stays_byte_for_byte(path: str) -> None:
    assert changed(Change(deletions=(path,))) == PAYLOAD


def test_setting_what_is_so_already_leaves_the_payload_byte_for_byte() -> None:
    assert changed(Change(settings=(("a", "1"),))) == PAYLOAD


def test_integers_of_any_length_and_half_pairs_come_through() -> None:
    payload = b'{"n": 123456789012345678901234567890, "s": "\\ud83d"}'
    after = changed(Change(settings=(("a", "1"),)), payload)
    assert after == b'{"n":123456789012345678901234567890,"s":"\\ud83d","a":1}'


@pytest.mark.parametrize("payload", [b'{"a": 1, "a": 2}', b"[NaN]", b"[1e999]", b"\xff", b""])
def test_json_that_cannot_be_written_again_as_it_was_is_left_alone(payload: bytes) -> None:
    with pytest.raises(NotAllowed, match="--data"):
        changed(Change(settings=(("a", "1"),)), payload)


def test_data_is_the_payload_whatever_it_was() -> None:
    assert changed(Change(data=b"\x00new"), b"\xff") == b"\x00new"


def test_a_jq_program_makes_one_document_of_another() -> None:
    assert changed(Change(jq=".b |= map(numbers)")) == b'{"a":1,"b":[2]}'


@pytest.mark.parametrize(
    ("program", "payload", "reason"),
    [
        (".b[]", PAYLOAD, "several"),
        ("empty", PAYLOAD, "nothing"),
        (".a.b", PAYLOAD, "Cannot index"),
        (".a = 2", b'{"n": 9007199254740993}', "round 9007199254740993"),
    ],
)
def test_what_jq_cannot_do_without_loss_is_refused(
    program: str, payload: bytes, reason: str
) -> None:
    with pytest.raises(NotAllowed, match=reason):
        changed(Change(jq=program), payload)


def test_a_program_that_is_none_is_told_before_any_letter_is_read() -> None:
    with pytest.raises(NotAllowed, match="syntax error"):
        Change(jq=".a |").changer()


def test_a_change_is_kept_with_its_plan_as_it_was_given() -> None:
    change = Change(settings=(("a", "\u00fc"),), deletions=("b.0",), jq=".c", data=b"\x00\xff")
    assert Change.read(change.written()) == change
