"""What /proc says of processes: who started whom, what they are named, whether they are dead."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and all that it has started, by their numbers."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for number, (_, parent) in _all().items():
        children[parent].append(number)
    found = [pid]
    for one in found:
        found += children[one]
    return sorted(found)


def zombies(pid: int) -> list[int]:
    """The children of a process that have ended and that it has not waited for."""
    return [number for number, (state, parent) in _all().items() if parent == pid and state == "Z"]


def marked(mark: str) -> list[str]:
    """Living processes with this text in their environment: number and command of each."""
    found = []
    for number, (state, _) in _all().items():
        try:
            if state != "Z" and mark.encode() in Path(f"/proc/{number}/environ").read_bytes():
                command = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ")
                found.append(f"{number} {command.decode(errors='replace').strip()}")
        except OSError:
            continue  # it has ended meanwhile
    return found


def _all() -> dict[int, tuple[str, int]]:
    """State and parent of each process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has ended meanwhile
        found[int(entry.name)] = (state, int(parent))
    return found
