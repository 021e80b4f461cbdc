"""What the workers of other packages run in the tests."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

import log_shipping
from log_shipping.integrations.celery import instrument


def resize(width: int) -> int:
    log_shipping.set("image.width", width)
    return 100 // width


app = Celery("tests")
app.conf.update(
    broker_url=os.environ.get("TEST_BROKER", "memory://"),
    broker_transport_options={"visibility_timeout": 60},
    worker_hijack_root_logger=False,
    task_ignore_result=True,
)
instrument()


@app.task(bind=True, name="tests.resize", max_retries=1, default_retry_delay=0)  # type: ignore[untyped-decorator]  # Celery ships no type information
def celery_resize(self: Any, width: int) -> int:
    try:
        return resize(width)
    except ZeroDivisionError as error:
        raise self.retry(exc=error) from error
