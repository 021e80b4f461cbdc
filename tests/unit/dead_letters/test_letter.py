"""From a job on ``gearmang`` to a letter."""

import time

import orjson

from gearmang.dead_letters.arriving.letter import fit, from_envelope, letter_of, odd_bytes
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope

NOW = 1.79e9
JOB = "ab" * 16


def envelope(**changes: object) -> Envelope:
    told = {
        "payload": b"x",
        "job_id": JOB,
        "delivery": 3,
        "function": "resize",
        "server": "gm1:4730",
        "history": (
            Dossier(
                outcome="failure",
                error_type="ValueError",
                error_message="bad",
                frames=("a.py:f", "b.py:g"),
                started_at=NOW - 10,
                duration_seconds=4.0,
                worker="w",
                revision="r1",
            ),
        ),
    }
    return Envelope(**{**told, **changes})  # type: ignore[arg-type]  # whatever a test wants


def row(data: bytes, unique: bytes = b"u") -> dict[str, object]:
    return letter_of(data, unique, server="gm0:4730", now=NOW).row


def test_a_death_is_told_by_its_last_dossier() -> None:
    letter = letter_of(envelope().pack(), b"", server="gm0:4730", now=NOW)
    assert letter.row["death_id"] == f"{JOB}-3"
    assert letter.row["error_type"] == "ValueError"
    assert letter.row["died_at"] == NOW - 6
    assert letter.row["server"] == "gm1:4730"
    assert letter.place == "b.py:g"


def test_a_death_without_a_server_came_from_where_it_was_collected() -> None:
    assert row(envelope(server=None).pack())["server"] == "gm0:4730"


def test_a_bare_job_keeps_its_payload_and_one_id_for_every_delivery() -> None:
    first, second = row(b"bare"), row(b"bare")
    assert first["death_id"] == second["death_id"] != row(b"bare", b"another")["death_id"]
    assert first["error_type"] == "NoDossier"


def test_a_broken_envelope_is_stored_whole() -> None:
    data = b"GEARMANG/1 {broken\nrest"
    letter = letter_of(data, b"u", server="gm0:4730", now=NOW)
    assert letter.body["payload"] == data
    assert letter.row["error_type"] == "BadEnvelope"


def test_times_from_a_wrong_clock_are_left_out() -> None:
    far = Dossier(outcome="failure", error_type="E", started_at=1e300)
    found = row(envelope(history=(far,), enqueued_at=-5.0).pack())
    assert found["enqueued_at"] is None
    assert found["died_at"] == NOW


def test_long_texts_are_cut_in_the_row_and_whole_in_the_body() -> None:
    long = Dossier(outcome="failure", error_type="E" * 5_000, error_message="m" * 100_000)
    letter = from_envelope(envelope(history=(long,)), server="s", now=NOW)
    assert len(letter.row["error_message"]) == 500
    assert orjson.loads(letter.body["history"])[0]["error_message"] == "m" * 100_000


def test_texts_fit_any_database() -> None:
    assert fit("a\0b\udcffé", 100) == "a\\x00b\\xffé"
    assert fit("\ud800é", 100) == "\\ud800é"
    assert fit("x" * 50, 10) == "x" * 10


def test_a_function_that_is_no_utf8_is_kept_as_bytes() -> None:
    assert odd_bytes("resize") is None
    assert odd_bytes("na\udcffme") == b"na\xffme"


def test_a_letter_is_made_quickly() -> None:
    data = envelope().pack()
    began = time.process_time()
    for _ in range(1_000):
        row(data)
    assert time.process_time() - began < 1.0
