"""Gearmang keeps a Gearman pipeline healthy; README.md tells how."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gearmang.errors import JobFailed, NoAnswer, NotQueued, ServerLost
    from gearmang.job.client import Client
    from gearmang.job.submission import Submission
    from gearmang.worker import Job, Worker
    from gearmang.worker.job import Reject, Retry, TimeLimitExceeded

__all__ = [
    "Client",
    "Job",
    "JobFailed",
    "NoAnswer",
    "NotQueued",
    "Reject",
    "Retry",
    "ServerLost",
    "Submission",
    "TimeLimitExceeded",
    "Worker",
]

# Imported when they are first asked for: a Nagios check imports this package, too, and has no
# time for a worker.
_HOMES = {
    "Client": "gearmang.job.client",
    "Job": "gearmang.worker.job",
    "JobFailed": "gearmang.errors",
    "NoAnswer": "gearmang.errors",
    "NotQueued": "gearmang.errors",
    "Reject": "gearmang.worker.job",
    "Retry": "gearmang.worker.job",
    "ServerLost": "gearmang.errors",
    "Submission": "gearmang.job.submission",
    "TimeLimitExceeded": "gearmang.worker.job",
    "Worker": "gearmang.worker",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gearmang' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
