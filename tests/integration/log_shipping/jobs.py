"""What the workers of other packages run in the tests."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from celery import Celery
from celery.exceptions import Ignore, Reject

import log_shipping
from log_shipping.integrations.celery import instrument


def resize(width: int) -> int:
    log_shipping.set("image.width", width)
    return 100 // width


def fate(how: str) -> int:
    """End as the name says."""
    log_shipping.set("how", how)
    if how == "fails":
        raise ValueError(how)
    if how == "exits":
        os._exit(3)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "sys-exits":
        sys.exit(1)
    if how == "ignores":
        raise Ignore
    if how == "rejects":
        raise Reject("no", requeue=False)
    if how == "hangs":
        time.sleep(60)
    return 1


app = Celery("tests")
app.conf.update(
    broker_url=os.environ.get("TEST_BROKER", "memory://"),
    result_backend=os.environ.get("TEST_BROKER"),
    broker_transport_options={"visibility_timeout": 60},
    worker_hijack_root_logger=False,
    task_ignore_result=not os.environ.get("TEST_BROKER"),
)
instrument()


@app.task(bind=True, name="tests.resize", max_retries=1, default_retry_delay=0)  # type: ignore[untyped-decorator]  # Celery ships no type information
def celery_resize(self: Any, width: int) -> int:
    try:
        return resize(width)
    except ZeroDivisionError as error:
        raise self.retry(exc=error) from error


@app.task(name="tests.fate", time_limit=30)  # type: ignore[untyped-decorator]  # as above
def celery_fate(how: str) -> int:
    return fate(how)
