"""Out to JSON lines and back: lossless, repeatable, from one engine to the other."""

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import select

from gearmang.dead_letters.acting.pruning import prune
from gearmang.dead_letters.arriving.letter import letter_of
from gearmang.dead_letters.arriving.storing import store_letters
from gearmang.dead_letters.looking.browse import count
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.moves import recount
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import bodies, dead_letters
from tests.daemons import postgresql
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import dead_job, dossier, many, put
from tests.integration.dead_letters.test_intake import HOSTILE


def contents(store: Store) -> list[dict[str, object]]:
    """Every letter with its body; what is of one store only left out."""
    query = select(dead_letters, bodies.c.payload, bodies.c.history, bodies.c.odd_function).join(
        bodies, bodies.c.id == dead_letters.c.id
    )
    with store.reading() as connection:
        rows = connection.execute(query.order_by(dead_letters.c.death_id)).mappings()
        return [{k: v for k, v in row.items() if k not in ("id", "plan")} for row in rows]


@pytest.fixture
def other(tmp_path: Path, engine: str) -> Store:
    """An empty store of the other engine."""
    if engine == "postgresql":
        url = str(tmp_path / "other.db")
    else:
        url = postgresql.shared().new_database()
    store = Store(url)
    migrate(store)
    return store


def test_what_is_imported_elsewhere_is_what_was_exported(
    store: Store, other: Store, gearmang: Gearmang, tmp_path: Path
) -> None:
    put(store, *(dead_job(payload) for payload in HOSTILE), *many(300))
    put(store, dead_job(b"x" * 10 * 1024 * 1024, last=dossier(message="<b>'; DROP TABLE")))
    store_letters(store, [letter_of(b"bare\xff", b"u", server="gm1:4730", now=1.7e9)])
    gearmang.dead("remove", "--grep", '"image": 7}', "--yes")
    lines = tmp_path / "letters.jsonl"
    gearmang.dead("export", "--state", "all", "--output", lines)
    assert stat.S_IMODE(lines.stat().st_mode) == 0o640
    elsewhere = Gearmang(other.address.url)
    total = len(contents(store))
    assert elsewhere.json("import", str(lines)) == {"imported": total, "known_before": 0}
    assert elsewhere.json("import", str(lines))["known_before"] == total
    assert contents(other) == contents(store)
    with other.reading() as connection:
        assert recount(connection) == 0
    other.close()


def test_an_export_reads_as_json_with_the_payload_as_text(store: Store, gearmang: Gearmang) -> None:
    put(store, dead_job(b'{"image": 7}'))
    (line,) = gearmang("dead", "export").stdout.splitlines()
    assert json.loads(line)["payload"] == '{"image": 7}'


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"format": "another/1"}',
        b'{"format": "gearmang-dead-letter/1", "death_id": "x"}',
    ],
)
def test_a_line_that_is_no_letter_is_named(gearmang: Gearmang, tmp_path: Path, line: bytes) -> None:
    source = tmp_path / "lines"
    source.write_bytes(b"\n" + line + b"\n")
    assert "line 2 is no exported dead letter" in gearmang.dead("import", source, code=1)


def test_a_copy_makes_the_tables_and_can_be_repeated(store: Store, tmp_path: Path) -> None:
    put(store, *many(3))
    source, target = store.address.url, str(tmp_path / "copy.db")
    command = Gearmang(source)
    for imported in (3, 0):
        told = command.json("copy", "--from", source, "--to", target)
        assert told == {"imported": imported, "known_before": 3 - imported}
    with Store(target) as other:
        assert contents(other) == contents(store)


def test_pruned_letters_are_in_the_archive_and_can_come_back(
    store: Store, gearmang: Gearmang, tmp_path: Path
) -> None:
    put(store, *many(25))
    before = contents(store)
    archive = tmp_path / "pruned.jsonl"
    refused = gearmang.dead("prune", "--max-dead", "10", "--archive", archive, code=1)
    assert "15 letters would be" in refused
    told = gearmang.json("prune", "--max-dead", "10", "--archive", archive, "--yes")
    assert told["pruned"] == 15
    with store.reading() as connection:
        assert count(connection, Filter()) == 10
        assert recount(connection) == 0
    gearmang.dead("import", archive)
    assert contents(store) == before


def test_pruning_by_age_takes_the_oldest_of_any_state(store: Store, tmp_path: Path) -> None:
    old = letter_of(dead_job().pack(), b"", server="gm1:4730", now=1.7e9)
    store_letters(store, [old])
    put(store, *many(3))
    assert prune(store, tmp_path / "archive", older_than=86_400) == 1
    with store.reading() as connection:
        assert count(connection, Filter(state=None)) == 3


def test_an_archive_that_cannot_be_written_keeps_the_letters(
    store: Store, gearmang: Gearmang
) -> None:
    put(store, *many(3))
    said = gearmang.dead("prune", "--max-dead", "0", "--archive", "/dev/full", "--yes", code=1)
    assert "nothing was deleted" in said
    assert len(gearmang.json("list")) == 3


def test_an_archive_that_ends_in_a_torn_line_goes_on_on_a_new_one(
    store: Store, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(b'{"torn')
    put(store, *many(2))
    prune(store, archive, most_dead=0)
    assert len([line for line in archive.read_bytes().splitlines() if line.endswith(b"}")]) == 2
