"""A real Prometheus that scrapes a real page: with a queue, a worker, dead letters and records."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from gearmang.durations import iso
from gearmang.job.client import Client
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.prometheus import Prometheus
from tests.daemons.registrations import Registrations
from tests.integration.dead_letters.letters import many, put
from tests.integration.web.serving import Serve

RULES = Path(__file__).parents[3] / "packaging" / "prometheus" / "gearmang.rules.yml"
ODD = 'we"ird\\ # {x} 1\n'


@contextmanager
def scraped(folder: Path) -> Iterator[Prometheus]:
    """Prometheus, once it has scraped the page."""
    records = folder / "tasks-2026112500.jsonl"
    records.write_text("")
    with (
        Store(str(folder / "letters.db")) as store,
        Gearmand(folder) as gearmand,
        Registrations(gearmand) as there,
        Client([gearmand.address]) as client,
    ):
        migrate(store)
        put(store, *many(3))
        there.worker([b"resize"], f"resize@img1:811+{int(time.time()) - 90}".encode())
        client.submit("thumbs", b"{}")
        options = ("--server", gearmand.address, "--records", records)
        with Serve(folder, *options, store=folder / "letters.db") as serve:
            with records.open("a") as end:
                for task in ("resize", ODD):
                    for outcome, duration in (("success", 41.5), ("failure", 7000)):
                        line = {"ts": iso(time.time()), "task": task, "outcome": outcome,
                                "duration_ms": duration, "queue_ms": 300,
                                "id": f"job-{outcome}"}  # fmt: skip
                        end.write(json.dumps(line) + "\n")
            await_that(lambda: "job-failure" in serve.get("/metrics")[1], "the records count")
            with Prometheus(folder, [f"127.0.0.1:{serve.port}"], [RULES]) as prometheus:
                yield prometheus
