"""``make demo``: what it promises it sees, and nothing that it started is left."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.process import Process, await_that

DEMO_TIMEOUT = 90.0  # seconds; the README promises that it ends by itself


class Demo(Process):
    """The demo with its temporary folder inside the test's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        super().__init__(
            [sys.executable, "-m", "examples.thumbnails.demo"],
            folder.with_suffix(".log"),
            {**os.environ, "TMPDIR": str(self.folder)},
        )

    def tells_of_workers(self) -> bool:
        self.require_running()
        return "two workers" in self.output()

    def left_running(self) -> list[str]:
        """The command lines of processes that were started with the demo's folder around."""
        mark = f"TMPDIR={self.folder}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:  # it has ended meanwhile
                continue
        return found


@pytest.fixture
def demo() -> Iterator[Demo]:
    # Not tmp_path: Nagios aborts where the path of its socket is longer than about 100 bytes.
    with tempfile.TemporaryDirectory() as folder, Demo(Path(folder) / "site") as started:
        yield started


def test_the_demo_ends_by_itself_having_seen_all_that_it_promises(demo: Demo) -> None:
    code = demo.wait(DEMO_TIMEOUT)

    assert code == 0, demo.output()
    assert "NOT SEEN" not in demo.output()
    assert demo.left_running() == []
    assert list(demo.folder.iterdir()) == []


def test_ctrl_c_stops_all_that_the_demo_started(demo: Demo) -> None:
    await_that(demo.tells_of_workers, "the workers run", DEMO_TIMEOUT)
    demo.send(signal.SIGINT)

    assert demo.wait(DEMO_TIMEOUT) == 130
    assert demo.left_running() == []
    assert list(demo.folder.iterdir()) == []
