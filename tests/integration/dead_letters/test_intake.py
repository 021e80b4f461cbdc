"""Letters in the store: each death once, counters that keep step, nothing refused."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from gearmang.dead_letters.acting.editing import edit
from gearmang.dead_letters.arriving.letter import from_envelope, letter_of
from gearmang.dead_letters.arriving.storing import store_letters
from gearmang.dead_letters.looking.browse import body, count, envelope_of, find, page
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.store.errors import AmbiguousId, NoSuchLetter
from gearmang.dead_letters.store.moves import recount
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import fingerprints
from gearmang.dead_letters.store.tally import tally
from gearmang.job.envelope import Envelope
from tests.integration.dead_letters.letters import dead_job, dossier, many, put

HOSTILE = [
    b"",
    b"\x00",
    b"\x1b]0;owned\x07\x1b[2J",
    b"\xff\xfe\xfd not utf-8",
    b"<script>alert(1)</script>",
    b"'); DROP TABLE dead_letters; --",
    "\u202egnp.exe \ud83d".encode("utf-8", "surrogatepass"),
    b'{"a": 1e999, "b": 123456789012345678901234567890}',
    b"[" * 100_000,
    b"GEARMANG/1 not json\n",
]


def test_a_death_that_is_delivered_twice_is_one_row(store: Store) -> None:
    job = dead_job()
    assert len(put(store, job).letters) == 1
    assert len(put(store, job, job).letters) == 0
    with store.reading() as connection:
        assert count(connection, Filter()) == 1


def test_letters_with_one_id_and_two_payloads_are_both_kept_and_it_is_said(store: Store) -> None:
    first = dead_job(b"first")
    second = replace(first, payload=b"second")
    put(store, first)
    assert len(put(store, second).letters) == 1
    assert len(put(store, second, first).letters) == 0  # each was delivered once more
    with store.reading() as connection:
        rows = page(connection, Filter())
        payloads = {body(connection, row.id).payload for row in rows}
        (told,) = history(connection, job=first.job_id)
    assert payloads == {b"first", b"second"}
    assert told.what == "id met twice"
    assert all(row.death_id in (first.death_id, (told.detail or "").split()[-1]) for row in rows)


def test_a_redelivery_of_a_letter_that_was_edited_is_no_second_letter(store: Store) -> None:
    job = dead_job(b'{"a": 1}')
    put(store, job)
    with store.writing() as connection:
        row = find(connection, job.death_id)
        edit(connection, row, b'{"a": 1}', b'{"a": 2}', why=None)
    assert put(store, job).letters == []


def test_two_bare_jobs_under_one_uuid_are_two_letters(store: Store) -> None:
    """A user's key may come again with another job: no id is taken from it."""
    unique = b"3f2b8c1e-9a54-4d0c-8e7d-5a1b2c3d4e5f"
    jobs = [Envelope.unpack(payload, unique) for payload in (b"one", b"two")]
    put(store, *(replace(job.failed(dossier()), function="f", server="gm1:4730") for job in jobs))
    with store.reading() as connection:
        assert count(connection, Filter()) == 2


def test_a_second_death_of_the_same_job_is_another_row(store: Store) -> None:
    first = dead_job()
    put(store, first, dead_job(job_id=first.job_id, tries=6))
    with store.reading() as connection:
        assert count(connection, Filter()) == 2


def test_the_first_death_of_a_cause_is_told_as_new_and_later_ones_are_not(store: Store) -> None:
    assert list(put(store, dead_job(), dead_job()).first_of.values()) == ["new"]
    assert put(store, dead_job()).first_of == {}


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_any_payload_comes_back_byte_for_byte(store: Store, payload: bytes) -> None:
    job = dead_job(payload)
    put(store, job)
    with store.reading() as connection:
        row = find(connection, job.death_id)
        back = envelope_of(row, body(connection, row.id))
    assert (back.payload, back.history, back.function) == (payload, job.history, "resize")


@pytest.mark.parametrize("data", [b"", b"plain", *HOSTILE], ids=range(len(HOSTILE) + 2))
def test_what_is_no_envelope_is_stored_once_too(store: Store, data: bytes) -> None:
    for _ in range(2):
        letter = letter_of(data, b"unique", server="gm1:4730", now=time.time())
        store_letters(store, [letter])
    with store.reading() as connection:
        (row,) = page(connection, Filter())
        assert body(connection, row.id).payload == data
    assert row.function == "gearmang"


def test_texts_that_a_database_refuses_are_stored_escaped(store: Store) -> None:
    job = replace(
        dead_job(),
        function="na\udcffme",
        history=(dossier("Odd\0Error", "\0 nul", frames=("a\0.py:f",)),),
    )
    store_letters(store, [from_envelope(job, server="gm1:4730", now=time.time())])
    with store.reading() as connection:
        row = find(connection, job.job_id)
        back = envelope_of(row, body(connection, row.id))
    assert (row.function, row.error_type) == ("na\\xffme", "Odd\\x00Error")
    assert back.function == "na\udcffme"


def test_the_tally_agrees_with_the_rows(store: Store, store_url: str) -> None:
    put(store, *many(30), *many(20, function="mail", error="KeyError"))
    found = tally(store_url, since=time.time() - 3600)
    assert found.kept == {"resize": 30, "mail": 20}
    assert found.arrived == {"resize": 30, "mail": 20}
    assert sorted(found.new_fingerprints.values()) == ["mail", "resize"]


def test_the_tally_counts_only_what_arrived_since(store: Store, store_url: str) -> None:
    put(store, *many(3))
    between = time.time()
    put(store, *many(4, function="mail"))
    found = tally(store_url, since=between)
    assert found.kept == {"resize": 3, "mail": 4}
    assert found.arrived == {"mail": 4}
    assert list(found.new_fingerprints.values()) == ["mail"]


def test_the_counters_are_those_of_the_rows(store: Store) -> None:
    put(store, *many(10))
    put(store, *many(10), *many(5, error="KeyError"))
    with store.reading() as connection:
        assert recount(connection) == 0
        assert sum(connection.scalars(select(fingerprints.c.dead))) == 25


def test_an_id_may_be_cut_while_it_is_unambiguous(store: Store) -> None:
    job = dead_job(job_id="ab" * 16)
    put(store, job, dead_job(job_id="ac" * 16))
    with store.reading() as connection:
        assert find(connection, "ab").death_id == job.death_id
        assert find(connection, "ab-3").death_id == job.death_id
        with pytest.raises(AmbiguousId, match="acacac"):
            find(connection, "a")
        with pytest.raises(NoSuchLetter):
            find(connection, "ad")
        with pytest.raises(NoSuchLetter):
            find(connection, "%")


def test_each_filter_chooses_its_letters(store: Store) -> None:
    before = time.time()
    put(store, *many(3))
    between = time.time()
    put(store, *many(2, function="resize.big", error="KeyError"))
    put(store, dead_job(b"find the needle here", function="mail", server="gm2:4731"))

    def chosen(**of: object) -> int:
        with store.reading() as connection:
            return count(connection, Filter(**of))  # type: ignore[arg-type]  # one by one

    assert chosen(function="resize*") == 5
    assert chosen(function="resize") == 3
    assert chosen(function="nobody*") == 0
    assert chosen(error="Key*") == 2
    assert chosen(since=between) == 3
    assert chosen(since=before, until=between) == 3
    assert chosen(server="gm2:*") == 1
    assert chosen(grep="needle") == 1
    assert chosen(grep="'; DROP") == 0
    assert chosen(grep="bad size") == 6
    assert chosen(state="removed") == 0
    assert chosen(fingerprint="") == 6
