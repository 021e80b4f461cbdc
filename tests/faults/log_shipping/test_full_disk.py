"""A disk that fills up: no line is torn for others, and every drop is counted."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import log_shipping
from log_shipping import record
from log_shipping.mending import end_torn_line
from tests.faults.log_shipping.conftest import in_child
from tests.unit.log_shipping.conftest import VALIDATOR

PATIENCE_MS = 150  # the stated bound of 100 ms, and what the machine takes besides


def whole(folder: Path) -> tuple[list[dict[str, Any]], int]:
    """The records in the folder, and how many lines are none."""
    found, torn = [], 0
    for path in folder.glob("*.jsonl"):
        for line in path.open("rb"):
            try:
                found.append(json.loads(line))
            except ValueError:
                torn += 1
            else:
                VALIDATOR.validate(found[-1])
    return found, torn


def write(count: int) -> float:
    """Write records; the longest time that one took, in milliseconds."""
    longest = 0.0
    for number in range(count):
        started = time.perf_counter()
        with record("resize", number=number):
            pass
        longest = max(longest, (time.perf_counter() - started) * 1e3)
    return longest


def one_record() -> None:
    write(1)


def limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_drops_at_a_files_limit_are_counted_exactly(folder: Path) -> None:
    def task() -> None:
        log_shipping.configure(path=folder, sigterm=False)
        limit(20_001)
        assert write(100) < PATIENCE_MS
        limit(resource.RLIM_INFINITY)
        write(10)

    assert in_child(task) == 0
    found, torn = whole(folder)
    assert len(found) + sum(one.get("dropped", 0) for one in found) == 110
    assert torn == 1


def test_another_process_does_not_write_on_to_the_torn_line(folder: Path) -> None:
    def first() -> None:
        log_shipping.configure(path=folder, sigterm=False)
        limit(20_001)
        write(100)

    def second() -> None:
        log_shipping.configure(path=folder, sigterm=False)
        write(50)

    assert in_child(first) == 0
    before, _ = whole(folder)
    assert in_child(second) == 0
    after, torn = whole(folder)
    assert len(after) == len(before) + 50
    assert torn == 1


def test_a_fragment_becomes_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b"whole\n")
    os.write(descriptor, b'{"torn')
    assert end_torn_line(descriptor, b'{"torn')
    os.write(descriptor, b"next\n")
    os.close(descriptor)
    assert path.read_bytes() == b'whole\n{"tor\nnext\n'


def test_a_fragment_that_is_not_where_it_should_be_is_left_alone(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b"theirs")
    assert not end_torn_line(descriptor, b"ours!!")
    os.close(descriptor)


def test_drops_on_a_full_disk_are_counted_exactly(folder: Path) -> None:
    if os.geteuid() != 0:
        # Mounting needs root; the limit of a file's size above takes the same path.
        return
    place = folder
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=True)
    try:
        ballast = place / "ballast"

        def task() -> None:
            ballast.write_bytes(bytes(32 * 1024))
            log_shipping.configure(path=place, sigterm=False)
            assert write(500) < PATIENCE_MS
            ballast.unlink()
            write(10)

        assert in_child(task) == 0
        found, torn = whole(place)
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert len(found) + sum(one.get("dropped", 0) for one in found) == 510
    assert torn <= 1


def test_drops_on_a_file_system_that_turns_read_only_are_counted_exactly(folder: Path) -> None:
    if os.geteuid() != 0:
        # Mounting needs root; the folder below that cannot be made takes the same path.
        return
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True)
    try:

        def remount(how: str) -> None:
            subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)

        def task() -> None:
            remount("ro")
            log_shipping.configure(path=folder, sigterm=False)
            assert write(200) < PATIENCE_MS
            remount("rw")
            write(1)

        assert in_child(task) == 0
        (found,), _ = whole(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert found["dropped"] == 200


def test_a_folder_that_cannot_be_written_costs_little_and_is_counted(folder: Path) -> None:
    folder.write_text("a file where the folder should be")

    def task() -> None:
        log_shipping.configure(path=folder / "tasks", sigterm=False)
        assert write(200) < PATIENCE_MS
        folder.unlink()
        write(1)

    assert in_child(task) == 0
    (found,), _ = whole(folder / "tasks")
    assert found["dropped"] == 200


def test_a_forked_child_does_not_report_its_parents_drops(folder: Path) -> None:
    folder.write_text("a file where the folder should be")

    def task() -> None:
        log_shipping.configure(path=folder / "tasks", sigterm=False)
        write(5)
        folder.unlink()
        assert in_child(one_record) == 0
        write(1)

    assert in_child(task) == 0
    found, _ = whole(folder / "tasks")
    assert sum(one.get("dropped", 0) for one in found) == 5


def test_drops_that_no_later_record_reports_are_reported_at_exit(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    code = (
        "import log_shipping, pathlib, sys\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "log_shipping.configure(path=folder / 'tasks')\n"
        "with log_shipping.record('resize'): pass\n"
        "folder.unlink()\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=Path(__file__).parents[3],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stderr.count("records are dropped and counted") == 1
    (found,), _ = whole(folder / "tasks")
    assert (found["type"], found["dropped"]) == ("log_shipping", 1)
