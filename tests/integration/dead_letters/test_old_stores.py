"""A store that an earlier version has filled: brought up, read as it was, made small."""

import hashlib
import json
import re
import sqlite3
from base64 import b64decode
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from gearmang.dead_letters.store import migrations
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.moves import recount
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import REVISION
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import dead_job, put

DUMP = (Path(__file__).parent / "old_store_0002.sql").read_text()
TABLES = ("letters", "letter_bodies", "letter_fingerprints", "letter_arrivals", "letter_plans",
          "letter_plan_items", "letter_events")  # fmt: skip
PAYLOADS = [
    b'{"image": 7}',
    None,  # 3 KB of JSON, known by its digest
    b"\x28\xb5\x2f\xfd of the user",  # begins as what zstd makes
    b'{"new": 2}',
    b"gone",
]


@pytest.fixture
def old_url(engine: str, empty_url: str) -> str:
    """A store at revision 0002, with letters, an edit, a snoozed cause and a removal."""
    if engine == "sqlite":
        with sqlite3.connect(empty_url) as plain:
            plain.executescript(DUMP)
        plain.close()
        return empty_url
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    with Store(empty_url) as store, store.writing(checked=False) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    dump = re.sub(r"X'([0-9A-F]*)'", r"'\\x\1'::bytea", DUMP)
    rows = re.findall(r'^(INSERT INTO "dead_(\w+)" .*?\));$', dump, flags=re.MULTILINE | re.DOTALL)
    with psycopg.connect(empty_url) as plain_connection:
        for table in TABLES:
            for statement, of_table in rows:
                if of_table == table:
                    plain_connection.execute(statement.encode())
        plain_connection.execute(
            b"SELECT setval('dead_letter_events_event_seq', (SELECT max(event)"
            b" FROM dead_letter_events))"
        )
    return empty_url


@pytest.fixture
def gearmang_of_old(old_url: str) -> Gearmang:
    return Gearmang(old_url)


def exported(gearmang: Gearmang) -> dict[str, bytes]:
    """Job → payload of all letters, as an export has them."""
    found = {}
    for line in gearmang.dead("export", "--state", "all").splitlines():
        letter = json.loads(line)
        encoded = letter.get("payload_base64")
        payload = letter["payload"].encode() if encoded is None else b64decode(encoded)
        found[letter["job_id"][:1]] = payload
    return found


def as_they_were(payloads: dict[str, bytes]) -> bool:
    big = hashlib.sha256(payloads["2"]).hexdigest()
    return big.startswith("1d44c46f180ea012") and all(
        wanted is None or payloads[str(number)] == wanted
        for number, wanted in enumerate(PAYLOADS, 1)
    )


def test_an_old_store_says_what_to_do(gearmang_of_old: Gearmang) -> None:
    told = gearmang_of_old.dead("list", code=1)
    assert "revision 0002" in told
    assert "gearmang dead migrate" in told


def test_all_that_an_old_store_holds_is_read_as_it_was(
    old_url: str, gearmang_of_old: Gearmang
) -> None:
    assert gearmang_of_old.json("migrate")["after"] == REVISION
    assert as_they_were(exported(gearmang_of_old))
    with Store(old_url) as store, store.reading() as connection:
        assert recount(connection) == 0
    (quiet,) = [row for row in gearmang_of_old.json("groups") if row["snoozed_left"]]
    assert quiet["error_type"] == "OSError"
    edited = gearmang_of_old.json("show", "4444")["lineage"]
    assert '-  "old": 1' in next(step["detail"] for step in edited if step["what"] == "edited")
    (plan,) = gearmang_of_old.json("plans")
    assert gearmang_of_old.json("undo", plan["plan"])["restored"] == 1


def test_an_old_store_goes_on_and_compact_makes_it_small(
    old_url: str, gearmang_of_old: Gearmang, engine: str
) -> None:
    with Store(old_url) as store:
        migrate(store)
        put(store, dead_job(b'{"sku": "00ff"}' * 200, job_id="6" * 32))
    before = _bodies(old_url, engine)
    gearmang_of_old.dead("compact")
    after = exported(gearmang_of_old)
    assert as_they_were(after)
    assert after["6"] == b'{"sku": "00ff"}' * 200
    assert _bodies(old_url, engine) < 0.8 * before
    assert "dead compact" not in gearmang_of_old.dead("stats")


def _bodies(url: str, engine: str) -> int:
    """Bytes that all payloads take as they are stored."""
    query = "SELECT sum(length(payload)) FROM dead_letter_bodies"
    if engine == "sqlite":
        with sqlite3.connect(url) as plain:
            found = plain.execute(query).fetchone()[0]
        plain.close()
        return int(found)
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])
