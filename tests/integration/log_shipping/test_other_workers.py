"""Records of pygearman's, Celery's and RQ's workers, each with its real daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gearman
import pytest
import redis
import rq

import log_shipping
from log_shipping.integrations.pygearman import instrument
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import Process, await_that
from tests.daemons.redis import Redis
from tests.integration.log_shipping import jobs
from tests.unit.log_shipping.conftest import VALIDATOR

ROOT = Path(__file__).parents[3]


def records(folder: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.open()]
    for one in found:
        VALIDATOR.validate(one)
    return found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Redis]:
    """A fresh Redis."""
    with Redis(tmp_path) as daemon:
        yield daemon


def test_a_pygearman_worker_is_recorded(gearmand: Gearmand, tmp_path: Path) -> None:
    log_shipping.configure(path=tmp_path / "records", sigterm=False)

    finished = threading.Event()

    class Worker(gearman.GearmanWorker):  # type: ignore[misc]  # it ships no type information
        def after_poll(self, any_activity: bool) -> bool:
            return not finished.is_set()

    worker = instrument(Worker([gearmand.address]))
    worker.register_task(b"resize", lambda worker, job: b"%d" % jobs.resize(int(job.data)))
    client = gearman.GearmanClient([gearmand.address])
    thread = threading.Thread(target=worker.work, kwargs={"poll_timeout": 0.1})
    thread.start()
    try:
        client.submit_job(b"resize", b"5", wait_until_complete=False, background=True)
        client.submit_job(b"resize", b"0", wait_until_complete=False, background=True)
        await_that(lambda: len(records(tmp_path / "records")) == 2, "both jobs are recorded")
    finally:
        finished.set()
        thread.join(10)
        log_shipping.configure()
    good, bad = records(tmp_path / "records")
    assert (good["type"], good["outcome"], good["workload_bytes"]) == ("resize", "success", 1)
    assert good["handle"].startswith("H:")
    assert good["fields"] == {"image": {"width": 5}}
    assert (bad["outcome"], bad["error_type"]) == ("failure", "ZeroDivisionError")


def test_a_celery_worker_is_recorded(broker: Redis, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    environment = {**os.environ, "TEST_BROKER": broker.url, "GEARMANG_RECORDS": str(folder)}
    worker = Process(
        [sys.executable, "-m", "celery", "-A", "tests.integration.log_shipping.jobs", "worker",
         "--concurrency", "1", "--without-gossip", "--without-mingle"],
        tmp_path / "celery.log",
        environment,
    )  # fmt: skip
    jobs.app.conf.broker_url = broker.url
    with worker:
        jobs.celery_resize.apply_async((5,))
        jobs.celery_resize.apply_async((0,))
        await_that(lambda: len(records(folder)) >= 3, "three attempts are recorded")
    found = records(folder)
    (good,) = (one for one in found if one["outcome"] == "success")
    failed = sorted((one for one in found if one["outcome"] == "failure"),
                    key=lambda one: int(one["attempt"]))  # fmt: skip
    assert good["type"] == "tests.resize"
    assert good["fields"] == {"root_id": good["id"], "image": {"width": 5}}
    assert [one["attempt"] for one in failed] == [1, 2]
    assert {one["error_type"] for one in failed} == {"ZeroDivisionError"}
    assert len({one["id"] for one in failed}) == 1


FATES = {
    "succeeds": ("SUCCESS", "success", None),
    "fails": ("FAILURE", "failure", "ValueError"),
    "exits": ("FAILURE", "failure", "WorkerLostError"),
    "killed": ("FAILURE", "failure", "WorkerLostError"),
    "sys-exits": ("FAILURE", "failure", "WorkerLostError"),
    "ignores": ("PENDING", "unknown", "GeneratorExit"),
    "rejects": ("FAILURE", "failure", "Reject"),
    "hangs": ("FAILURE", "failure", "TimeLimitExceeded"),
    "revoked": ("REVOKED", "unknown", "Revoked"),
}


def test_every_attempt_of_a_celery_task_has_one_record_with_celerys_own_outcome(
    broker: Redis, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    environment = {**os.environ, "TEST_BROKER": broker.url, "GEARMANG_RECORDS": str(folder)}
    worker = Process(
        [sys.executable, "-m", "celery", "-A", "tests.integration.log_shipping.jobs", "worker",
         "--concurrency", "4", "--without-gossip", "--without-mingle"],
        tmp_path / "celery.log",
        environment,
    )  # fmt: skip
    sent: list[str] = []
    # A connection of this test's own: the app keeps those of another test's Redis.
    with worker, jobs.app.connection_for_write(broker.url) as connection:
        for round_ in range(2):
            for how in FATES:
                sent.append(f"{how}/{round_}")
                jobs.celery_fate.apply_async(
                    ("hangs" if how == "revoked" else how,),
                    task_id=sent[-1],
                    connection=connection,
                    ignore_result=False,
                    **({"time_limit": 1} if how == "hangs" else {}),
                )
            await_that(lambda: len(records(folder)) == len(sent) - 1, "all but one are recorded")
            revoke = (
                "import sys; from tests.integration.log_shipping.jobs import app;"
                " app.control.revoke(sys.argv[1], terminate=True)"
            )
            subprocess.run(
                [sys.executable, "-c", revoke, f"revoked/{round_}"],
                env=environment, cwd=ROOT, check=True,
            )  # fmt: skip
            await_that(lambda: len(records(folder)) == len(sent), "that one is recorded as well")
    store = redis.Redis.from_url(broker.url)
    states = {}
    for name in sent:
        meta = store.get(f"celery-task-meta-{name}")
        states[name] = json.loads(meta)["status"] if meta else "PENDING"
    found = records(folder)
    assert sorted(one["id"] for one in found) == sorted(sent)
    for one in found:
        how = one["id"].partition("/")[0]
        told = (states[one["id"]], one["outcome"], one.get("error_type"))
        assert told == FATES[how], one
        assert one["attempt"] == 1


@pytest.mark.parametrize("kind", ["Worker", "SimpleWorker", "SpawnWorker"])
def test_every_attempt_of_an_rq_job_has_one_record_with_rqs_own_outcome(
    broker: Redis, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "records"
    queue = rq.Queue(connection=redis.Redis.from_url(broker.url))
    fates = ["succeeds", "fails", *(("exits", "killed") if kind != "SimpleWorker" else ())]
    sent = [
        queue.enqueue(
            "tests.integration.log_shipping.jobs.fate", how, job_id=how, retry=rq.Retry(max=2)
        )
        for how in fates
    ]
    subprocess.run(
        [sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", broker.url,
         "-w", f"log_shipping.integrations.rq.{kind}"],
        env={**os.environ, "GEARMANG_RECORDS": str(folder)},
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=100,
    )  # fmt: skip
    states = {job.id: job.get_status(refresh=True).value for job in sent}
    told = sorted((one["id"], one["attempt"], one["outcome"]) for one in records(folder))
    assert told == sorted(
        [("succeeds", 1, "success")]
        + [(how, attempt, "failure") for how in fates[1:] for attempt in (1, 2, 3)]
    )
    assert states == {how: "finished" if how == "succeeds" else "failed" for how in fates}


def test_an_rq_worker_is_recorded(broker: Redis, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    queue = rq.Queue(connection=redis.Redis.from_url(broker.url))
    queue.enqueue("tests.integration.log_shipping.jobs.resize", 5)
    queue.enqueue("tests.integration.log_shipping.jobs.resize", 0)
    subprocess.run(
        [sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", broker.url,
         "-w", "log_shipping.integrations.rq.Worker"],
        env={**os.environ, "GEARMANG_RECORDS": str(folder)},
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )  # fmt: skip
    good, bad = records(folder)
    assert good["type"].endswith("resize")
    assert good["fields"] == {"image": {"width": 5}}
    assert (bad["outcome"], bad["error_type"]) == ("failure", "ZeroDivisionError")
