"""The ages of local processes, from /proc: for workers that tell gearmand nothing of themselves."""

from __future__ import annotations

import os
import re
from pathlib import Path

from gearmang.errors import GearmangError
from nagios_checks.ages import WorkerAge

PROC = Path("/proc")

# Fields of /proc/PID/stat behind the command's name, which may hold anything (proc(5)).
_PARENT = 1
_START = 19


class NoProcesses(GearmangError):
    """The processes of this host cannot be read."""


def workers(pattern: re.Pattern[str], proc: Path = PROC) -> list[WorkerAge]:
    """The processes whose command line the pattern is found in, but for this check's own.

    Args:
        pattern: searched for in the command line, its words joined by spaces.
        proc: where procfs is.

    Raises:
        NoProcesses: there is no procfs here.
    """
    try:
        uptime = float((proc / "uptime").read_text().split()[0])
        pids = [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]
    except (OSError, ValueError) as error:
        raise NoProcesses(f"{proc} cannot be read ({error}); it needs Linux' procfs") from None
    # What started this check (NRPE, a shell) has the pattern on its own command line.
    ours = _ancestors(os.getpid(), proc)
    found = []
    for pid in pids:
        command = _command(pid, proc)
        if pid not in ours and command and pattern.search(command):
            started = _stat(pid, proc, _START)
            if started is not None:
                age = max(0.0, uptime - started / os.sysconf("SC_CLK_TCK"))
                found.append(WorkerAge(f"pid {pid}", age))
    return found


def _ancestors(pid: int, proc: Path) -> set[int]:
    found: set[int] = set()
    while pid and pid not in found:
        found.add(pid)
        pid = _stat(pid, proc, _PARENT) or 0
    return found


def _command(pid: int, proc: Path) -> str:
    try:
        words = (proc / str(pid) / "cmdline").read_bytes()
    except OSError:  # it has ended
        return ""
    return words.replace(b"\0", b" ").decode("utf-8", "surrogateescape").strip()


def _stat(pid: int, proc: Path, field: int) -> int | None:
    try:
        text = (proc / str(pid) / "stat").read_text(errors="surrogateescape")
        return int(text.rpartition(")")[2].split()[field])
    except (OSError, ValueError, IndexError):  # it has ended
        return None
