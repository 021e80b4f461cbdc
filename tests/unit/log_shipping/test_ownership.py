"""A process writes the records that it opened, and no others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import log_shipping
from log_shipping import record
from tests.unit.log_shipping.conftest import Written


def in_child(function: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            function()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def terminated() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()


def test_a_terminated_child_leaves_the_records_of_its_parents_other_threads_alone(
    written: Written,
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    opened, over = threading.Event(), threading.Event()

    def other() -> None:
        with record("thread"):
            opened.set()
            over.wait()

    thread = threading.Thread(target=other)
    try:
        log_shipping.configure(path=written.folder)
        thread.start()
        opened.wait()
        with record("resize"):
            assert in_child(terminated) == -signal.SIGTERM
            assert written.all() == []
    finally:
        over.set()
        thread.join()
        signal.signal(signal.SIGTERM, before)
    assert {found["type"]: found["outcome"] for found in written.all()} == {
        "resize": "success",
        "thread": "success",
    }


def test_a_child_that_ends_its_parents_record_in_another_context_writes_nothing(
    written: Written,
) -> None:
    made = record("resize")
    in_child(made.done)
    assert written.all() == []
    made.done()
    assert written.one()["type"] == "resize"


def spawned(number: int) -> None:
    with record("spawned", number=number) as made:
        made.set("password", "s3")


def test_a_spawned_child_inherits_the_configuration_with_what_it_redacts(
    written: Written,
) -> None:
    log_shipping.configure(path=written.folder, redact=["password"], sigterm=False)
    child = multiprocessing.get_context("spawn").Process(target=spawned, args=(1,))
    child.start()
    child.join(60)
    assert written.one()["fields"] == {"number": 1, "password": "[redacted]"}


def test_a_spawned_child_of_nobody_configured_has_no_records(
    unconfigured: None, tmp_path: Path
) -> None:
    log_shipping.configure(path=tmp_path, sigterm=False)
    log_shipping.configure(sigterm=False)
    child = multiprocessing.get_context("spawn").Process(target=spawned, args=(1,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert list(tmp_path.iterdir()) == []


def test_the_first_process_of_a_container_keeps_its_records_open(
    written: Written, monkeypatch: object
) -> None:
    from log_shipping.sigterm import _on_sigterm

    real = os.getpid
    with record("resize") as made:
        os.getpid = lambda: 1
        try:
            _on_sigterm(signal.SIGTERM, sys._getframe())
        finally:
            os.getpid = real
        assert not made.ended
    assert written.one()["outcome"] == "success"
