"""The envelope around a payload, written by workers and read from a hostile queue."""

import re

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gearmang.errors import BadEnvelope
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import LONGEST_HISTORY, MAGIC, Envelope
from gearmang.protocol.key import JobKey, mark_of

JOB_ID = "0123456789abcdef0123456789abcdef"
FAILURE = Dossier(outcome="failure", error_type="ValueError", frames=("a.py:f",))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.binary())
def test_a_payload_comes_back_byte_for_byte(payload: bytes) -> None:
    envelope = Envelope(payload=payload, job_id=JOB_ID, attempt=2, delivery=4, history=(FAILURE,))

    assert Envelope.unpack(envelope.pack()) == envelope


def test_a_bare_payload_is_the_first_attempt_of_a_new_job() -> None:
    envelope = Envelope.unpack(b"bare")

    assert envelope == Envelope(payload=b"bare", job_id=envelope.job_id)
    assert re.fullmatch("[0-9a-f]{32}", envelope.job_id)


@pytest.mark.parametrize(
    "unique", [b"123E4567-e89b-12d3-a456-426614174000", b"d41d8cd98f00b204e9800998ecf8427e", b"-"]
)
def test_a_bare_job_never_takes_its_id_from_a_key_that_may_come_again(unique: bytes) -> None:
    assert Envelope.unpack(b"x", unique, JOB_ID).job_id == JOB_ID


def test_a_key_of_ours_says_all_of_a_bare_job() -> None:
    key = JobKey(JOB_ID, 1764000000.25, mark_of("resize"), 5, 2, 1764000060)

    assert Envelope.unpack(b"x", str(key).encode()) == Envelope(
        payload=b"x",
        job_id=JOB_ID,
        attempt=2,
        delivery=5,
        enqueued_at=1764000000.25,
        not_before=1764000060,
    )


def test_a_key_of_ours_that_was_made_for_another_function_says_nothing() -> None:
    unique = str(JobKey(JOB_ID, 1764000000.25, mark_of("resize"))).encode()

    assert Envelope.unpack(b"x", unique, "f" * 32, mark_of("mail")).job_id == "f" * 32
    assert Envelope.unpack(b"x", unique, "f" * 32, mark_of("resize")).job_id == JOB_ID


KEY = JobKey(JOB_ID, 1764000000.25, mark_of("resize"), 5, 2)
HEAD = b'GEARMANG/1 {"id": "%s", "tries": 9, "attempt": 9, "history": [{"outcome": "lost"}]}\n'


def test_an_envelope_under_the_key_of_its_job_gives_the_history_and_the_key_the_rest() -> None:
    opened = Envelope.unpack(HEAD % JOB_ID.encode() + b"x", str(KEY).encode())

    assert (opened.payload, opened.delivery, opened.attempt) == (b"x", 5, 2)
    assert [dossier.outcome for dossier in opened.history] == ["lost"]


@pytest.mark.parametrize("data", [HEAD % (b"f" * 32) + b"x", MAGIC + b"is what a file begins with"])
def test_a_payload_that_begins_like_an_envelope_is_a_payload_under_a_key_of_ours(
    data: bytes,
) -> None:
    assert Envelope.unpack(data, str(KEY).encode()).payload == data


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b'{"id": "short"}',
        b'{"id": 7}',
        b'{"id": "%s", "attempt": "2"}' % JOB_ID.encode(),
        b'{"id": "%s", "attempt": true}' % JOB_ID.encode(),
        b'{"id": "%s", "history": [1]}' % JOB_ID.encode(),
        b'{"id": "%s", "function": []}' % JOB_ID.encode(),
    ],
)
def test_a_broken_envelope_is_refused_and_never_taken_for_a_payload(head: bytes) -> None:
    with pytest.raises(BadEnvelope):
        Envelope.unpack(MAGIC + head + b"\npayload")


def test_an_envelope_that_was_cut_on_its_way_is_refused() -> None:
    whole = Envelope(payload=b"", job_id=JOB_ID).pack()

    with pytest.raises(BadEnvelope):
        Envelope.unpack(whole[:-1])


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine any data is slow
@given(st.dictionaries(st.sampled_from(["attempt", "tries", "enqueued_at", "not_before",
                                        "function", "server", "history"]), JSON))  # fmt: skip
def test_a_hostile_head_is_refused_or_can_be_packed_again(head: dict[str, object]) -> None:
    data = MAGIC + orjson.dumps({**head, "id": JOB_ID}) + b"\n"
    try:
        envelope = Envelope.unpack(data)
    except BadEnvelope:
        return

    assert Envelope.unpack(envelope.pack()) == envelope


def test_a_failed_attempt_is_counted_and_remembered() -> None:
    after = Envelope(payload=b"", job_id=JOB_ID).failed(FAILURE)

    assert (after.attempt, after.history) == (2, (FAILURE,))


def test_an_attempt_that_was_cut_off_is_remembered_but_not_counted() -> None:
    after = Envelope(payload=b"", job_id=JOB_ID).failed(FAILURE, counted=False)

    assert (after.attempt, after.history) == (1, (FAILURE,))


def test_a_revived_job_has_its_full_retries_and_its_history() -> None:
    dead = Envelope(payload=b"x", job_id=JOB_ID, function="resize", server="gm1:4730")
    for _ in range(3):
        dead = dead.failed(FAILURE)
    revived = dead.revived()

    assert (revived.attempt, revived.delivery, revived.function) == (1, 2, None)
    assert revived.history == dead.history


def test_a_second_death_has_another_name_than_the_first() -> None:
    first = Envelope(payload=b"", job_id=JOB_ID).failed(FAILURE)

    assert first.revived().failed(FAILURE).death_id != first.death_id


def test_the_history_that_travels_is_bounded_and_keeps_the_newest() -> None:
    envelope = Envelope(payload=b"", job_id=JOB_ID)
    for number in range(LONGEST_HISTORY + 1):
        envelope = envelope.failed(Dossier(outcome="failure", error_type=str(number)))

    assert len(envelope.history) == LONGEST_HISTORY
    assert envelope.history[-1].error_type == str(LONGEST_HISTORY)
    assert envelope.attempt == LONGEST_HISTORY + 2
