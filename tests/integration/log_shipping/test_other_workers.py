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
    assert good["fields"] == {"image": {"width": 5}}
    assert [one["attempt"] for one in failed] == [1, 2]
    assert {one["error_type"] for one in failed} == {"ZeroDivisionError"}
    assert len({one["id"] for one in failed}) == 1


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
