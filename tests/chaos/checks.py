"""A check that runs all the time: it must not say OK of a server that is down, nor be late."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

from tests.daemons.gearmang import BIN

TIMEOUT = 2  # seconds, for -t
LATE = TIMEOUT + 1.0  # seconds
OK = 0


class Look(NamedTuple):
    """One run of the check, by the monotonic clock; ``bare`` is what a Python takes to start."""

    began: float
    ended: float
    code: int
    told: str
    bare: float


class Checks:
    """``check_gearmang_server``, again and again."""

    def __init__(self, address: str) -> None:
        self.looks: list[Look] = []
        self._address = address
        self._going = True
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._going = False
        self._thread.join(30)

    def wrong(self, down: list[tuple[float, float]]) -> list[str]:
        """What is not as it must be.

        Args:
            down: from when to when the server answered nobody.
        """
        found = []
        for look in self.looks:
            seconds = look.ended - look.began
            if look.code == OK and any(a < look.began and look.ended < b for a, b in down):
                found.append(f"a check said of a server that was down: {look.told}")
            # A busy machine starts no Python at once: what that takes is not the check's.
            if seconds > LATE + look.bare:
                found.append(f"a check with -t {TIMEOUT} took {seconds:.1f} s: {look.told}")
        return found

    def _look(self) -> None:
        check: list[str | Path] = [
            BIN / "check_gearmang_server",
            "-H",
            self._address,
            "-t",
            str(TIMEOUT),
        ]
        while self._going:
            before = time.monotonic()
            subprocess.run([BIN / "python", "-c", ""], check=False, timeout=60)
            began = time.monotonic()
            done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
            told = (done.stdout + done.stderr).strip()[:300]
            ended = time.monotonic()
            self.looks.append(Look(began, ended, done.returncode, told, began - before))
            time.sleep(0.3)
