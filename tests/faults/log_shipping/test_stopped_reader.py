"""A reader that stops reading: the task goes on within the stated bound, drops are counted."""

from __future__ import annotations

import json
import os
import re
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import log_shipping
from log_shipping import record

BOUND_MS = 150  # the stated 100 ms once for a stop, and what the machine takes besides


def write(count: int) -> tuple[float, float]:
    """Write records; the longest and the whole time, in milliseconds."""
    started, longest = time.perf_counter(), 0.0
    for number in range(count):
        before = time.perf_counter()
        with record("resize", number=number):
            pass
        longest = max(longest, (time.perf_counter() - before) * 1e3)
    return longest, (time.perf_counter() - started) * 1e3


def lines_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines() if line]


def test_a_unix_socket_that_nobody_reads(tmp_path: Path) -> None:
    address = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(address)
        log_shipping.configure(syslog=address, sigterm=False)
        try:
            longest, whole = write(500)
            assert longest < BOUND_MS
            assert whole < 2 * BOUND_MS
            reader.setblocking(False)
            received = []
            while select.select([reader], [], [], 0)[0]:
                received.append(json.loads(reader.recv(65536).partition(b" - - ")[2]))
            write(1)
            received.append(json.loads(reader.recv(65536).partition(b" - - ")[2]))
        finally:
            log_shipping.configure()
    assert len(received) + received[-1]["dropped"] == 501


def test_a_socket_whose_daemon_comes_back(tmp_path: Path) -> None:
    address = tmp_path / "log"
    log_shipping.configure(syslog=str(address), sigterm=False)
    try:
        write(3)
        for _ in range(2):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
                reader.bind(str(address))
                write(1)
                assert reader.recv(65536)
            address.unlink()
    finally:
        log_shipping.configure()


def test_a_pipe_that_nobody_reads() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream, os.fdopen(reading, "rb"):
        log_shipping.configure(stream=stream, sigterm=False)
        try:
            longest, whole = write(2000)
            assert longest < BOUND_MS
            assert whole < 4 * BOUND_MS
            os.set_blocking(reading, False)
            data = b""
            while select.select([reading], [], [], 0)[0]:
                data += os.read(reading, 1 << 20)
            write(1)
            data += os.read(reading, 1 << 20)
        finally:
            log_shipping.configure()
    found = lines_of(data)
    assert len(found) + found[-1]["dropped"] == 2001


@pytest.mark.parametrize("how", ["pass", "os.kill(os.getpid(), signal.SIGTERM)"])
def test_what_a_stopped_reader_lost_is_said_at_the_end_of_the_process(how: str) -> None:
    code = (
        "import log_shipping, os, signal, sys\n"
        "log_shipping.configure(stream=sys.stdout)\n"
        "for number in range(1000):\n"
        "    with log_shipping.record('resize'): pass\n"
        f"{how}\n"
    )
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as out, os.fdopen(reading, "rb") as unread:
        told = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[3],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        out.close()
        written = len(lines_of(unread.read()))
    (lost,) = re.findall(r"(\d+) records of process \d+ are lost: <stdout>", told.stderr)
    assert written + int(lost) == 1000
    assert written > 0


def test_what_a_child_of_multiprocessing_lost_is_said_at_its_end() -> None:
    code = (
        "import log_shipping, multiprocessing, sys\n"
        "def work():\n"
        "    for number in range(1000):\n"
        "        with log_shipping.record('resize'): pass\n"
        "log_shipping.configure(stream=sys.stdout)\n"
        "child = multiprocessing.get_context('fork').Process(target=work)\n"
        "child.start()\n"
        "child.join()\n"
    )
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as out, os.fdopen(reading, "rb"):
        told = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[3],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert re.search(r"\d+ records of process \d+ are lost", told.stderr)


def test_a_pipe_gets_records_that_it_takes_whole() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream, os.fdopen(reading, "rb"):
        log_shipping.configure(stream=stream, sigterm=False)
        try:
            with record("resize") as made:
                made.set(text="x" * 10_000)
            (line,) = os.read(reading, 1 << 16).splitlines(keepends=True)
        finally:
            log_shipping.configure()
    assert len(line) <= select.PIPE_BUF
    assert json.loads(line)["truncated"] is True


def test_a_closed_pipe_is_no_error_of_the_task() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stream:
        log_shipping.configure(stream=stream, sigterm=False)
        try:
            assert write(3)[0] < BOUND_MS
        finally:
            log_shipping.configure()
