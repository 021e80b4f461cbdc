"""One page with a gearmand, workers and letters, and one browser, for all tests of this folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, sync_playwright

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from gearmang.job.client import Client
from gearmang.protocol.server import Server
from tests.daemons.gearmand import Gearmand
from tests.daemons.prometheus import Prometheus
from tests.daemons.registrations import Registrations
from tests.integration.dead_letters.letters import dead_job, dossier, many, put
from tests.integration.web.scraped import scraped
from tests.integration.web.serving import Serve

HOSTILE = (
    "<script>document.title='owned'</script>\"'><img src=x onerror=\"document.title='owned'\">"
    "<a href='javascript:alert(1)'>x</a> {{ 7 * 7 }} \u202e \x1b[31m \0 "
)
ODD_FUNCTION = "we<b>ird/&?'\""


class Shown(NamedTuple):
    """What the tests of pages look at."""

    serve: Serve
    hostile_id: str
    plain_id: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("web")
    store_path = folder / "letters.db"
    with Store(str(store_path)) as store:
        migrate(store)
        put(store, *many(60), *many(3, error="SIGSEGV", function="thumbnails"))
        payload = json.dumps({"image": HOSTILE, "password": "hunter2"}).encode()
        last = dossier("Bad<script>", HOSTILE, frames=(HOSTILE,))
        hostile = dead_job(payload, function=ODD_FUNCTION, last=last)
        plain = dead_job(b'{"image": 7}')
        put(store, hostile, plain)
    records = _records(folder)
    with (
        Gearmand(folder) as gearmand,
        Registrations(gearmand) as there,
        Client([Server.parse(gearmand.address)]) as client,
    ):
        there.worker([b"resize"], b"resize@img1:811+1790000000")
        for function in ("resize", "thumbnails", ODD_FUNCTION):
            client.submit(function, b"{}")
        options = ("--server", gearmand.address, "--records", records)
        with Serve(folder, *options, store=store_path) as serve:
            yield Shown(serve, hostile.death_id, plain.death_id)


def _records(folder: Path) -> Path:
    made = folder / "records"
    made.mkdir()
    (made / "tasks.jsonl").write_text("")
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; without its sandbox, which root cannot have."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with scraped(tmp_path_factory.mktemp("prometheus")) as found:
        yield found
