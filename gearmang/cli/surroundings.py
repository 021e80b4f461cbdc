"""What surrounds Gearmang on this host: one finding a question, of which none needs root."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gearmang.dead_letters.looking.diagnosis import Diagnosis

GROUP: Final = "gearmang"  # whose members may read the store and the records
MONITORS: Final = ("nagios", "icinga", "nrpe")  # users that checks run as
COLLECTD: Final = (
    Path("/usr/lib/collectd/python.so"),
    Path("/usr/lib64/collectd/python.so"),
)
_TIMEOUT: Final = 10.0  # seconds for another program


def surroundings(records: Path, processes: Path = Path("/proc")) -> Iterator[Diagnosis]:
    """Look at the rights of records, gearmand's options, collectd, monitors and units.

    Args:
        records: the folder of task records.
        processes: where the kernel tells of processes.
    """
    yield records_kept(records)
    yield from keepalive(processes)
    yield collectd_python()
    yield from monitors()
    yield units()


def records_kept(folder: Path) -> Diagnosis:
    """Whether records are there, for us and not for everybody."""
    question = f"records in {folder} can be read, and not by everybody"
    try:
        files = [path for path in folder.rglob("*.jsonl") if path.is_file()]
        open_ones = [path for path in files if path.stat().st_mode & stat.S_IRWXO]
        for path in files[:1]:
            with path.open("rb"):
                pass
        os.scandir(folder).close()
    except OSError as error:
        told = f"{error.filename}: {error.strerror}; set GEARMANG_RECORDS, be in the group {GROUP}"
        return Diagnosis("bad", question, told)
    if open_ones:
        told = f"{open_ones[0]} is readable for all; chmod o= on {len(open_ones)} files"
        return Diagnosis("bad", question, told)
    return Diagnosis("ok", question, f"{len(files)} files")


def keepalive(processes: Path) -> Iterator[Diagnosis]:
    """Whether gearmands of this host notice that a worker's host is gone."""
    for status in sorted(processes.glob("[0-9]*/cmdline")):
        try:
            words = status.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue  # it has ended
        if Path(words[0]).name == "gearmand":
            question = f"gearmand {status.parent.name} notices a worker whose host is gone"
            if any(word.startswith("--keepalive") for word in words):
                yield Diagnosis("ok", question, "it has --keepalive")
            else:
                told = "start it with --keepalive: the worker's job stays with it otherwise"
                yield Diagnosis("bad", question, told)


def collectd_python(plugins: tuple[Path, ...] = COLLECTD) -> Diagnosis:
    """Whether collectd can load its plugin for Python."""
    question = "collectd can load its plugin for Python"
    plugin = next((path for path in plugins if path.exists()), None)
    if plugin is None:
        return Diagnosis("unknown", question, "there is no collectd on this host")
    missing = [
        line.split()[0] for line in _told("ldd", str(plugin)).splitlines() if "not found" in line
    ]
    if missing:
        package = missing[0].partition(".so")[0]
        told = f"{missing[0]} is missing; apt-get install {package}"
        return Diagnosis("bad", question, told)
    return Diagnosis("ok", question, str(plugin))


def monitors(users: tuple[str, ...] = MONITORS) -> Iterator[Diagnosis]:
    """Whether the users of monitors may read the store and the records."""
    try:
        group = grp.getgrnam(GROUP)
    except KeyError:
        yield Diagnosis("unknown", f"the group {GROUP} is there", "no: packages make it, pip not")
        return
    for name in users:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        question = f"{name} may read the store and the records"
        if group.gr_gid in os.getgrouplist(name, user.pw_gid):
            yield Diagnosis("ok", question, f"it is in the group {GROUP}")
        else:
            told = f"usermod -a -G {GROUP} {name}, and restart its daemon"
            yield Diagnosis("bad", question, told)


def units() -> Diagnosis:
    """Whether a unit of ours has failed."""
    question = "no unit has failed"
    if not Path("/run/systemd/system").is_dir():
        return Diagnosis("unknown", question, "systemd does not run this host")
    listed = _told(
        "systemctl", "list-units", "--plain", "--no-legend", "--all", "gearmang-*"
    ).splitlines()
    failed = [line.split()[0] for line in listed if " failed " in line]
    if failed:
        return Diagnosis("bad", question, f"{', '.join(failed)}; journalctl -u {failed[0]}")
    return Diagnosis("ok", question, f"{len(listed)} are loaded")


def _told(*command: str) -> str:
    """What a program prints; nothing where it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
