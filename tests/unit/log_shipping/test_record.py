"""How a block ends, and whose record is the current one."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

import pytest

import log_shipping
from log_shipping import TaskLogger, current, logged, record
from tests.unit.log_shipping.conftest import Written


def test_a_block_that_ends_well_is_a_success_with_its_duration(written: Written) -> None:
    started = time.time()
    with record("resize"):
        time.sleep(0.01)
    found = written.one()
    assert found["outcome"] == "success"
    assert 10 <= found["duration_ms"] < 1000
    assert found["ts"].endswith("Z")
    assert (
        abs(
            time.mktime(time.strptime(found["ts"][:19], "%Y-%m-%dT%H:%M:%S"))
            - time.timezone
            - started
        )
        < 5
    )


def test_an_exception_passes_through_and_is_a_failure_with_its_stack(written: Written) -> None:
    with pytest.raises(ZeroDivisionError), record("resize"):
        _ = 1 / 0
    found = written.one()
    assert (found["outcome"], found["level"]) == ("failure", "ERROR")
    assert (found["error_type"], found["error_message"]) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert "_ = 1 / 0" in found["error_stack"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SystemExit(0), "success"),
        (SystemExit(), "success"),
        (SystemExit(3), "failure"),
        (SystemExit("no disk"), "failure"),
        (KeyboardInterrupt(), "unknown"),
        (asyncio.CancelledError(), "unknown"),
    ],
)
def test_what_is_no_error_of_the_task_is_an_outcome_too(
    written: Written, error: BaseException, outcome: str
) -> None:
    with pytest.raises(type(error)), record("resize"):
        raise error
    assert written.one()["outcome"] == outcome


def test_an_exception_whose_text_raises_is_recorded(written: Written) -> None:
    class Hostile(Exception):  # named for what it is
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with pytest.raises(Hostile), record("resize"):
        raise Hostile
    assert written.one()["error_type"] == "Hostile"
    assert "RuntimeError" in written.one()["error_message"]


def test_fields_given_at_the_start_are_core_fields_where_they_are_known(written: Written) -> None:
    with record("resize", id="j" * 32, handle="H:gm1:7", attempt=2, queue_ms=1.5, colour="red"):
        pass
    found = written.one()
    assert (found["handle"], found["attempt"], found["queue_ms"]) == ("H:gm1:7", 2, 1.5)
    assert found["fields"] == {"colour": "red"}


def test_what_a_task_sets_never_replaces_a_core_field(written: Written) -> None:
    with record("resize", outcome="odd", v=9) as made:
        made.set("type", "other")
        made.set(event_id="x", ts="never")
    found = written.one()
    assert (found["type"], found["outcome"], found["v"]) == ("resize", "success", 1)
    assert found["fields"]["type"] == "other"
    assert found["fields"]["outcome"] == "odd"


def test_children_carry_the_task_of_their_root(written: Written) -> None:
    with record("resize", task="resize-large"), record(".db"):
        pass
    assert {found["task"] for found in written.all()} == {"resize-large"}


def test_a_decorated_function_is_recorded_and_returns(written: Written) -> None:
    @logged("resize")
    def resize(width: int) -> int:
        log_shipping.set(width=width)
        return width * 2

    assert resize(3) == 6
    assert written.one()["fields"] == {"width": 3}


def test_a_decorated_coroutine_is_recorded_while_it_runs(written: Written) -> None:
    @logged("fetch")
    async def fetch() -> int:
        await asyncio.sleep(0.01)
        log_shipping.set(pages=2)
        return 2

    assert asyncio.run(fetch()) == 2
    found = written.one()
    assert found["duration_ms"] >= 10
    assert found["fields"] == {"pages": 2}


def test_threads_have_their_own_current_record(written: Written) -> None:
    seen: list[object] = []
    with record("resize"):
        thread = threading.Thread(target=lambda: seen.append(bool(current())))
        thread.start()
        thread.join()
    assert seen == [False]


def test_asyncio_tasks_keep_their_records_apart(written: Written) -> None:
    async def child(name: str) -> None:
        with record(f".{name}"):
            await asyncio.sleep(0.01)
            log_shipping.set(name=name)

    async def both() -> None:
        with record("resize"):
            await asyncio.gather(child("a"), child("b"))

    asyncio.run(both())
    found = written.by_type()
    assert found["resize.a"]["fields"] == {"name": "a"}
    assert found["resize.b"]["fields"] == {"name": "b"}


def test_a_record_ended_in_another_context_does_not_raise(written: Written) -> None:
    made = record("resize")
    thread = threading.Thread(target=made.start)
    thread.start()
    thread.join()
    made.done()
    assert written.one()["type"] == "resize"


def test_a_forked_child_does_not_write_its_parents_record(written: Written) -> None:
    with record("resize"):
        child = os.fork()
        if child == 0:
            try:
                with record(".inner"):
                    sys.exit(0)
            except SystemExit:
                current().done()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    found = written.by_type()
    assert [one["type"] for one in written.all()].count("resize") == 1
    assert found["resize.inner"]["parent"] == found["resize"]["span"]
    assert found["resize.inner"]["pid"] == child


def test_ids_differ_after_a_fork_and_after_random_seed(written: Written) -> None:
    import random

    for _ in range(2):
        child = os.fork()
        if child == 0:
            random.seed(0)
            with record("resize"):
                os._exit(0) if not current() else None
            os._exit(0)
        os.waitpid(child, 0)
    random.seed(0)
    with record("resize"):
        pass
    assert len({found["event_id"] for found in written.all()}) == 3


def test_emit_records_what_ended_elsewhere(written: Written) -> None:
    TaskLogger("resize").emit(
        outcome="failure",
        started_at=1_800_000_000.25,
        duration_ms=1234.5678,
        id="c" * 32,
        error_type="SIGSEGV",
        attempt=2,
        peak_rss=7,
    )
    found = written.one()
    assert found["ts"] == "2027-01-15T08:00:00.250000Z"
    assert (found["id"], found["error_type"], found["attempt"]) == ("c" * 32, "SIGSEGV", 2)
    assert (found["duration_ms"], found["outcome"], found["level"]) == (
        1234.568,
        "failure",
        "ERROR",
    )
    assert found["fields"] == {"peak_rss": 7}
