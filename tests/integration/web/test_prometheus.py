"""A real Prometheus scrapes a real `gearmang serve`."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It has scraped a page with a queue, a worker, dead letters and records."""
    folder = tmp_path_factory.mktemp("prometheus")
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


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("gearmang_server_up", "1"),
        ('gearmang_function_waiting{function="thumbs"}', "1"),
        ('gearmang_function_workers{function="resize"}', "1"),
        ('gearmang_dead_letters{state="dead"}', "3"),
        ('gearmang_attempts_total{function="resize",outcome="failure"}', "1"),
        ('gearmang_attempt_duration_seconds_bucket{function="resize",le="0.05"}', "1"),
        ('gearmang_attempt_duration_seconds_bucket{function="resize",le="10.0"}', "2"),
        ('gearmang_attempt_wait_seconds_count{function="resize"}', "2"),
        ("count by (n) (label_replace(gearmang_attempt_wait_seconds_sum, 'n', '', '', ''))", "2"),
    ],
)
def test_it_has_the_figures(prometheus: Prometheus, expression: str, value: str) -> None:
    assert [one["value"][1] for one in prometheus.query(expression)] == [value]


def test_a_function_of_any_name_is_a_series(prometheus: Prometheus) -> None:
    found = prometheus.query('gearmang_attempts_total{outcome="failure"}')
    assert {one["metric"]["function"] for one in found} == {"resize", ODD}


def test_a_bucket_tells_the_job_that_is_its_example(prometheus: Prometheus) -> None:
    (series,) = prometheus.exemplars(
        'gearmang_attempt_duration_seconds_bucket{function="resize",le="10.0"}'
    )
    assert {one["labels"]["job_id"] for one in series["exemplars"]} == {"job-failure"}


def test_the_rules_are_evaluated(prometheus: Prometheus) -> None:
    def summed() -> bool:
        found = prometheus.query('gearmang:function_waiting:sum{function="thumbs"}')
        return [one["value"][1] for one in found] == ["1"]

    await_that(summed, "the sums are recorded")
