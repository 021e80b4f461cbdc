"""The pages on a store and a sight, without sockets and threads; a plan carried out by a form."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from gearmang.dead_letters.looking.browse import page as letters_of
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.looking.history import history
from gearmang.protocol.server import Server
from gearmang.web.access import Access
from gearmang.web.app import application
from gearmang.web.desk import Desk
from gearmang.web.settings import PageSettings
from tests.unit.dead_letters.conftest import dead
from tests.unit.web.asking import Answer, ask
from tests.unit.web.sights import lost, sight, snapshot

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from gearmang.dead_letters.store.rows import DeadLetter
    from gearmang.dead_letters.store.seam import Store

Put = Callable[..., list[int]]
SHOWN = "correct-horse-battery"  # as the bearer of the token shows it
ACTING = Access(allow_changes=True, tokens=(("alice", hashlib.sha256(SHOWN.encode()).hexdigest()),))


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    settings = PageSettings((Server("gm1", 4730),), store=str(store), access=ACTING)
    made = Desk(settings, lambda _: None)
    made.poller.sight = sight(snapshot(("resize", 7, 2, 4)), lost())
    yield made
    made.errands.close()
    made.records.close()
    made.samples.close()
    assert made.stores is not None
    made.stores.close()


@pytest.fixture
def app(desk: Desk) -> ASGIApp:
    return application(desk)


def get(app: ASGIApp, path: str, status: int = 200) -> str:
    answer = ask(app, path, headers={"authorization": f"Bearer {SHOWN}"})
    assert answer.status == status, answer.text
    return answer.text


def post(app: ASGIApp, path: str, *fields: tuple[str, str]) -> Answer:
    return ask(
        app,
        path,
        method="POST",
        body=urlencode(fields).encode(),
        headers={
            "authorization": f"Bearer {SHOWN}",
            "content-type": "application/x-www-form-urlencoded",
        },
    )


def letters(store: Store) -> list[DeadLetter]:
    with store.reading() as connection:
        return letters_of(connection, Filter(state=None))


def carried_out(desk: Desk, place: str) -> None:
    """Wait for the thread that carries the plan out."""
    thread = desk.errands._at_work.get(place.rpartition("/")[2])
    if thread is not None:
        thread.join(10)


def test_the_overview_tells_what_waits_and_which_server_is_lost(app: ASGIApp) -> None:
    told = get(app, "/")
    assert "resize" in told
    assert "gm2:4730" in told


def test_a_stranger_sees_nothing(app: ASGIApp) -> None:
    assert ask(app, "/").status == 401


def test_causes_lead_to_their_letters(app: ASGIApp, store: Store, put: Put) -> None:
    put(dead(), dead())
    (one, _) = letters(store)
    assert f"/letters?fingerprint={one.fingerprint}" in get(app, "/causes")
    assert one.death_id in get(app, f"/letters?fingerprint={one.fingerprint}")


def test_a_letter_is_shown_without_its_secrets(app: ASGIApp, put: Put) -> None:
    job = dead(b'{"password": "geheim", "width": 640}')
    put(job)
    told = get(app, f"/letters/{job.death_id}")
    assert "640" in told
    assert "geheim" not in told


@pytest.mark.parametrize(
    ("path", "status"),
    [("/letters/abc", 404), ("/plans/abc", 404), ("/function", 400), ("/nowhere", 404)],
)
def test_what_is_not_there_has_a_page_that_says_so(app: ASGIApp, path: str, status: int) -> None:
    assert "<h1" in get(app, path, status)


def test_a_filter_that_cannot_be_read_is_told_on_the_page(app: ASGIApp) -> None:
    assert "since:" in get(app, "/letters?since=tomorrowish")


def test_a_function_has_its_workers_and_its_causes(app: ASGIApp, put: Put) -> None:
    put(dead())
    assert "ValueError" in get(app, "/function?name=resize")


def test_ticked_letters_become_a_plan_and_a_form_carries_it_out(
    app: ASGIApp, desk: Desk, store: Store, put: Put
) -> None:
    job, other = dead(), dead()
    put(job, other)
    made = post(app, "/plans", ("action", "remove"), ("id", job.death_id), ("why", "test data"))
    assert made.status == 303
    place = made.headers["location"]
    assert {one.state for one in letters(store)} == {"dead"}
    assert "test data" in get(app, place)
    assert post(app, f"{place}/start").status == 303
    carried_out(desk, place)
    assert {one.death_id: one.state for one in letters(store)} == {
        job.death_id: "removed",
        other.death_id: "dead",
    }
    with store.reading() as connection:
        deed = history(connection)[0]
    assert (deed.who, deed.what, deed.why) == ("alice", "remove done", "test data")
    assert place in get(app, "/plans")


def test_a_plan_is_taken_back_by_a_form(app: ASGIApp, desk: Desk, store: Store, put: Put) -> None:
    job = dead()
    put(job)
    place = post(app, "/plans", ("action", "remove"), ("id", job.death_id)).headers["location"]
    post(app, f"{place}/start")
    carried_out(desk, place)
    post(app, f"{place}/undo")
    carried_out(desk, place)
    assert [one.state for one in letters(store)] == ["dead"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([("action", "burn"), ("id", "1")], 400),
        ([("action", "remove")], 400),
        ([("action", "remove"), ("which", "all"), ("function", "nothing")], 409),
    ],
)
def test_a_plan_for_nothing_is_refused(
    app: ASGIApp, fields: list[tuple[str, str]], status: int
) -> None:
    assert post(app, "/plans", *fields).status == status


def test_an_edit_is_shown_first_and_saved_then(app: ASGIApp, store: Store, put: Put) -> None:
    job = dead(b'{"width": 1}')
    put(job)
    place = f"/letters/{job.death_id}/edit"
    form = get(app, place)
    seen = ("seen", hashlib.sha256(b'{"width": 1}').hexdigest())
    assert seen[1] in form
    new = ("payload", '{"width": 640}')
    assert "640" in post(app, place, new, seen, ("step", "look")).text
    assert letters(store)[0].payload_bytes == len(b'{"width": 1}')
    assert post(app, place, new, seen, ("step", "save")).status == 303
    assert letters(store)[0].payload_bytes == len(b'{"width":640}')
    assert post(app, place, new, seen, ("step", "save")).status == 409  # of what was seen before


def test_figures_are_of_the_last_sight(app: ASGIApp) -> None:
    assert 'function="resize"' in get(app, "/metrics")


def test_nobody_scales_by_a_sight_that_is_old(app: ASGIApp) -> None:
    assert "nobody has looked lately" in get(app, "/scale/resize", 503)


def test_only_servers_of_the_list_are_probed(app: ASGIApp) -> None:
    assert "is on no list" in get(app, "/probe?target=other:4730", 403)
