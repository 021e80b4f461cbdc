"""Text is found in what letters hold, compressed or not, on both engines alike."""

import pytest

from gearmang.dead_letters.looking import searching
from gearmang.dead_letters.looking.browse import count, page
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signing import sign_all
from tests.integration.dead_letters.letters import dead_job, dossier, many, put

LONG = b'{"filler": "' + b"abcdefgh " * 300 + b'"'
LOST = 'lost in the \u00e4ther: says "no"'


def found(store: Store, text: str) -> int:
    with store.reading() as connection:
        return count(connection, Filter(grep=text))


@pytest.mark.parametrize(
    "text", ["needle-4711", "eedle-47", '": "needle-4711"}', "in the \u00e4ther", 'says "no"']
)
def test_text_of_payload_and_dossier_is_found_however_the_letter_is_kept(
    store: Store, text: str
) -> None:
    short, long = dossier(message=LOST), dossier(message=LOST * 100)
    put(
        store,
        dead_job(LONG + b', "order": "needle-4711"}', last=dossier(message='says "no"')),
        dead_job(b'{"order": "needle-4711"}', last=short),
        dead_job(LONG + b"}", last=long),
    )
    put(store, *many(20))
    wanted = 3 if text == 'says "no"' else 2
    assert (found(store, text), found(store, text + "!")) == (wanted, 0)
    sign_all(store)
    assert (found(store, text), found(store, text + "!")) == (wanted, 0)


def test_all_letters_are_looked_into_and_a_page_ends_with_its_last(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_AT_ONCE", 7)
    put(store, *many(30))
    assert found(store, "image") == 30
    with store.reading() as connection:
        newest = page(connection, Filter(), limit=10, offset=5)
        assert page(connection, Filter(grep="image"), limit=10, offset=5) == newest
