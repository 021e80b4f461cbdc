"""The clock of one process, wrong by as much as a file says: Debian's libfaketime."""

from __future__ import annotations

from pathlib import Path


class WrongClock:
    """Seconds that the wall clock of some processes is wrong by; the monotonic one stays right.

    Attributes:
        environment: for those processes; empty where there is no libfaketime.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)
        library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
        self.environment = {} if library is None else {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def set(self, seconds: int) -> None:
        """Within a second it is wrong by so many."""
        self._file.write_text(f"{seconds:+d}\n")
