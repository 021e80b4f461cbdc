"""Who is silent: made, listed, ended, told of in the history; read by notices and by checks."""

import time
from collections.abc import Callable

import pytest

from gearmang.dead_letters.acting.silencing import end, silence, silent
from gearmang.dead_letters.arriving.letter import letter_of
from gearmang.dead_letters.arriving.notices import Notices
from gearmang.dead_letters.arriving.storing import store_letters
from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.store.errors import NoSuchLetter, NotAllowed
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.silences import FUNCTION, SERVER, covering
from gearmang.dead_letters.store.tally import silences, tally
from gearmang.job.envelope import Envelope
from tests.unit.dead_letters.conftest import dead

Put = Callable[..., list[int]]


def quiet(store: Store, kind: str, glob: str, seconds: float = 60.0) -> str:
    with store.writing() as connection:
        made = silence(connection, kind, glob, until=time.time() + seconds, why="it moves")
    return made.silence


def noticed(store: Store, *jobs: Envelope) -> list[str]:
    """The functions that a collector tells of after these deaths."""
    notices = Notices(store, 60.0)
    letters = [letter_of(job.pack(), b"", server="gm9:4730", now=time.time()) for job in jobs]
    notices.add(store_letters(store, letters))
    return [notice.function for notice in notices.due()]


def test_a_silence_ends_before_its_time_and_the_history_tells_of_both(store: Store) -> None:
    made = quiet(store, FUNCTION, "resize*")
    with store.writing() as connection:
        assert [one.silence for one in silent(connection)] == [made]
        end(connection, made[:3])
        assert silent(connection) == []
        told = [event.what for event in history(connection)]
        with pytest.raises(NoSuchLetter):
            end(connection, made)
    assert {"silenced", "silence ended"} <= set(told)


def test_a_silence_is_over_at_its_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(store, FUNCTION, "*", seconds=60)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    with store.reading() as connection:
        assert silent(connection) == []


@pytest.mark.parametrize(("glob", "until"), [("", 60.0), (" ", 60.0), ("a", -1.0)])
def test_what_is_no_silence_is_refused(store: Store, glob: str, until: float) -> None:
    with store.writing() as connection, pytest.raises(NotAllowed):
        silence(connection, FUNCTION, glob, until=time.time() + until)


def test_no_notice_tells_of_a_silent_function(store: Store) -> None:
    quiet(store, FUNCTION, "resi*")
    assert noticed(store, dead(), dead(function="mail")) == ["mail"]


def test_no_notice_tells_of_letters_from_a_silent_server(store: Store) -> None:
    quiet(store, SERVER, "gm1:*")
    assert noticed(store, dead(), dead(function="mail", server="gm2:4730")) == ["mail"]


def test_what_came_during_a_silence_is_told_when_it_has_ended(store: Store) -> None:
    made = quiet(store, FUNCTION, "resize")
    notices = Notices(store, 60.0)
    notices.add(
        store_letters(store, [letter_of(dead().pack(), b"", server="gm9:1", now=time.time())])
    )
    assert notices.due() == []
    with store.writing() as connection:
        end(connection, made)
    assert [(notice.function, notice.arrived) for notice in notices.due()] == [("resize", 1)]


def test_what_is_silent_is_kept_but_counts_neither_as_arrived_nor_as_new(
    store: Store, put: Put
) -> None:
    put(dead(), dead(), dead(function="mail"), dead(function="mail", server="gm2:4730"))
    quiet(store, FUNCTION, "resize")
    quiet(store, SERVER, "gm2:*")
    whole = tally(str(store), since=time.time() - 30)
    heard = whole.audible()
    assert whole.arrived == {"resize": 2, "mail": 2}
    assert whole.silenced == {"resize": 2, "mail": 1}
    assert heard.arrived == {"mail": 1}
    assert heard.kept == {"resize": 2, "mail": 2}
    assert set(heard.new_fingerprints.values()) == {"mail"}


def test_monitors_read_the_silences_of_now(store: Store) -> None:
    made = quiet(store, SERVER, "gm1:*")
    (found,) = silences(str(store))
    assert (found.silence, found.why) == (made, "it moves")
    assert covering([found], server="gm1:4730") == found
    assert covering([found], function="gm1:4730") is None
