"""The function behind check_gearmang_roundtrip: it gives back what it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gearmang.worker.job import Job

ECHO_FUNCTION = "gearmang_echo"


def echo(job: Job) -> bytes:
    """For ``gearmang work nagios_checks.echo:echo --function gearmang_echo``."""
    return job.raw
