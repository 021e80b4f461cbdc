"""Where an executor runs: its signals, output and OOM score; its relatives; its revision."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import resource
import signal
import subprocess
import time
from pathlib import Path
from types import FrameType
from typing import Final

OOM_SCORE: Final = 500  # of 1000: under memory pressure the kernel takes executors first


def forget_signals() -> None:
    """Give up what the supervisor had arranged for its own signals."""
    signal.set_wakeup_fd(-1)
    for number in (
        *(signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGCONT, signal.SIGHUP),
        *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD),
    ):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    # Service managers send it to all processes: only the supervisor is to heed it, which lets the
    # job end. Not SIG_IGN: what a job executes would inherit that.
    signal.signal(signal.SIGTERM, _go_on)


def take(output: int, stack: int) -> None:
    """Become the leader of a process group whose output and last stack the supervisor reads."""
    os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    faulthandler.enable(stack)
    faulthandler.register(signal.SIGUSR2, stack)
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    except OSError:
        pass  # a container may forbid it


def _go_on(_number: int, _frame: FrameType | None) -> None:
    """Nothing."""


_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER: Final = 36

_PAGE_SIZE: Final = resource.getpagesize()
_RLIMIT_LOCKS: Final = 10  # asm-generic/resource.h; the resource module has no name for it
_MAGIC: Final = 0x676D  # above the 48 bits of a mark: "gm"

GIT_TIMEOUT: Final = 2.0  # seconds
ROUNDS: Final = 10
PAUSE: Final = 0.001  # seconds between two rounds of killing

_libc: Final = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, number: signal.Signals) -> None:
    """Get a signal when the parent dies; exit at once when it is dead already."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that they can be ended."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """The processes whose parent this thread's process is now."""
    try:
        return {
            int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        }
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return set()


def reap(known: set[int]) -> None:
    """Wait for the orphans that have ended; `known` are those that somebody else waits for."""
    for pid in children() - known:
        with contextlib.suppress(OSError):
            os.waitpid(pid, os.WNOHANG)


def kill_children(known: set[int], mark: int | None = None) -> None:
    """End what jobs have left behind, in whatever session it is.

    Args:
        known: those that are not touched.
        mark: only those whose executor had it; None: all.
    """
    for _ in range(ROUNDS):  # a killed parent's children become ours in turn
        orphans = children() - known
        if mark is not None:
            orphans = {pid for pid in orphans if mark_of_process(pid) == mark}
        if not orphans:
            return
        for pid in orphans:
            with contextlib.suppress(OSError):  # it has just ended
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
        time.sleep(PAUSE)


def new_mark(supervisor: int, number: int) -> int:
    """A mark for an executor and all that it starts, whatever that does to its session.

    It is the soft limit of RLIMIT_LOCKS, which Linux has not looked at since 2.4 and which a
    process inherits by fork and by exec.
    """
    return _MAGIC << 48 | (supervisor & 0xFFFFFF) << 24 | (number & 0xFFFFFF)


def bear_mark(mark: int) -> None:
    """Carry a mark from now on."""
    try:
        resource.setrlimit(_RLIMIT_LOCKS, (mark, resource.getrlimit(_RLIMIT_LOCKS)[1]))
    except (OSError, ValueError):
        pass  # a sandbox forbids it: what its jobs leave behind is ended with the worker


def mark_of_process(pid: int) -> int | None:
    """The mark that a process carries; None for one that carries none, or may not be asked."""
    try:
        mark = resource.prlimit(pid, _RLIMIT_LOCKS)[0]
    except (OSError, ValueError):
        return None
    return mark if mark > 0 and mark >> 48 == _MAGIC else None


def kill_left_behind() -> list[int]:
    """End what jobs have started whose supervisor was killed; the pids.

    Only in our own PID namespace: in another one the supervisor's number means another process.
    """
    found = []
    here = _namespace("self")
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        mark = mark_of_process(pid)
        if mark is None or _is_alive(mark >> 24 & 0xFFFFFF) or _namespace(entry.name) != here:
            continue
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            found.append(pid)
    return found


def _is_alive(supervisor: int) -> bool:
    return Path(f"/proc/{supervisor}").exists()


def _namespace(pid: str) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115  # no path, but a name
    except OSError:
        return None


def resident_bytes(pid: int) -> int:
    """What a process holds in memory now, without what it has started; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:  # noqa: PTH123  # half of Path.open's cost
            return int(statm.read().split()[1]) * _PAGE_SIZE
    except (OSError, IndexError):
        return 0


def resident_with_children(pid: int) -> int:
    """What a process and those that it has started itself hold in memory now; 0 when it is gone."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        listed = ""
    return resident_bytes(pid) + sum(resident_bytes(int(child)) for child in listed.split())


def revision() -> str | None:
    """``$GEARMANG_REVISION``, else what git says of the current folder, else None."""
    given = os.environ.get("GEARMANG_REVISION")
    if given:
        return given[:200]
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            capture_output=True,
            timeout=GIT_TIMEOUT,
            check=True,
            text=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return told.stdout.strip() or None
