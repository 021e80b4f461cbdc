"""What a worker says of itself to every monitor: ``NAME@HOST:PID+START``, and what it is at.

One of several slots of a process writes ``:PID#SLOT``; one that is long at a job adds
``~JOBSTART``, when that job started: from it any monitor knows the age of running jobs.

gearmand shows a worker's client id in the admin command ``workers``: the one place where a
worker can publish something about itself. From START any monitor knows the worker's age.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_ID = 127  # bytes; gearmand 1.1.20 cuts client ids there

# Text, which `re` compiles at its first use: a check that reads no id starts without.
_PATTERN = r"([^\s@]+)@([^\s@+]+):([0-9]{1,10})(?:#([0-9]{1,5}))?\+([0-9]{1,12})(?:~([0-9]{1,12}))?"
_UNFIT = r"[^\x21-\x7e]|[@+]"


class WorkerId(NamedTuple):
    """One worker process.

    Attributes:
        name: the function that it serves.
        host: the host that it runs on.
        pid: its process id on that host.
        started: when it started, in seconds since the epoch.
        slot: which of the process' slots it is, from 1; None where the process has one.
        job_started: when the job started that it is long at, in seconds since the epoch; None
            while it is idle or its job is young.
    """

    name: str
    host: str
    pid: int
    started: int
    slot: int | None = None
    job_started: int | None = None

    @classmethod
    def parse(cls, client_id: str) -> WorkerId | None:
        """Read a client id; None for one that is not of this form."""
        match = re.fullmatch(_PATTERN, client_id, re.ASCII)
        if match is None:
            return None
        name, host, pid, slot, started, job = match.groups()
        return cls(name, host, int(pid), int(started), _number(slot), _number(job))

    def age(self, now: float) -> float:
        """Seconds since the start; a clock that runs behind the worker's gives 0."""
        return max(0.0, now - self.started)

    def __str__(self) -> str:
        """The client id, within 127 bytes, no spaces; a long name is cut, never the numbers."""
        slot = "" if self.slot is None else f"#{self.slot}"
        job = "" if self.job_started is None else f"~{self.job_started}"
        numbers = f":{self.pid}{slot}+{self.started}{job}"
        host = re.sub(_UNFIT, "_", self.host)[:63] or "_"
        room = LONGEST_ID - len(numbers) - len(host) - 1
        name = re.sub(_UNFIT, "_", self.name)[:room] or "_"
        return f"{name}@{host}{numbers}"


def _number(digits: str | None) -> int | None:
    return None if digits is None else int(digits)
