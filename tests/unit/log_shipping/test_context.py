"""Which record is the current one, whatever order blocks begin and end in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import log_shipping
from log_shipping import bind, bound, carried, current, logged, record
from log_shipping.context import innermost
from tests.unit.log_shipping.conftest import Written


def test_blocks_that_end_out_of_order_leave_no_ended_record_current(written: Written) -> None:
    first = record("a").start()
    second = record("b").start()
    first.done()
    assert current() is second
    second.done()
    assert not current()


def test_a_record_around_two_that_end_out_of_order_is_current_again(written: Written) -> None:
    with record("around") as around:
        first = record("a").start()
        second = record("b").start()
        first.done()
        second.done()
        assert current() is around


def test_zipped_generators_keep_their_records_apart(written: Written) -> None:
    def steps(name: str, count: int) -> Iterator[int]:
        with record(name):
            yield from range(count)

    list(zip(steps("a", 3), steps("b", 2)))
    assert not current()
    assert {found["outcome"] for found in written.all()} <= {"success", "unknown"}


def test_a_record_that_ended_in_another_thread_is_not_current_in_this_one(
    written: Written,
) -> None:
    made = record("resize").start()
    thread = threading.Thread(target=made.done)
    thread.start()
    thread.join()
    assert not current()
    with record(".db"):
        pass
    assert "parent" not in written.by_type()["db"]


def test_a_record_started_inside_another_block_returns_to_that_one(written: Written) -> None:
    made = record("a")
    with record("b") as around:
        with made:
            pass
        assert current() is around


def test_asyncio_jobs_that_start_each_other_keep_no_chain_of_ended_records(
    written: Written,
) -> None:
    longest = 0

    async def job(left: int) -> None:
        nonlocal longest
        with record("job"):
            await asyncio.sleep(0)
            if left:
                following.append(asyncio.ensure_future(job(left - 1)))
            await asyncio.sleep(0)
        length, around = 0, innermost.get()
        while around is not None:
            length, around = length + 1, around.outer
        longest = max(longest, length)

    async def all_jobs() -> None:
        following.append(asyncio.ensure_future(job(200)))
        for task in following:
            await task

    following: list[asyncio.Future[None]] = []
    asyncio.run(all_jobs())
    assert longest <= 3
    assert len(written.all()) == 201


def test_a_child_of_the_outermost_is_no_child_of_an_ended_record(written: Written) -> None:
    async def both() -> None:
        with record("first"):
            task = asyncio.ensure_future(later())
        await task

    async def later() -> None:
        await asyncio.sleep(0)
        with record("second"), record("^.x"):
            pass

    asyncio.run(both())
    assert written.by_type()["second.x"]["parent"] == written.by_type()["second"]["span"]


def test_a_decorated_generator_is_recorded_over_its_whole_run(written: Written) -> None:
    @logged("pages")
    def pages() -> Iterator[int]:
        log_shipping.set("first", 1)
        yield 1
        log_shipping.set("second", 2)
        yield 2

    for _ in pages():
        assert not current()
    assert written.one()["fields"] == {"first": 1, "second": 2}


def test_a_decorated_generator_that_fails_is_a_failure(written: Written) -> None:
    @logged("pages")
    def pages() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        list(pages())
    assert written.one()["error_type"] == "ValueError"


def test_a_decorated_generator_that_is_closed_early_is_unknown(written: Written) -> None:
    @logged("pages")
    def pages() -> Iterator[int]:
        yield 1
        yield 2

    steps = pages()
    next(steps)
    steps.close()  # type: ignore[attr-defined]  # it is a generator
    assert written.one()["outcome"] == "unknown"


def test_a_decorated_asynchronous_generator_is_recorded_over_its_whole_run(
    written: Written,
) -> None:
    @logged("pages")
    async def pages() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(0.01)
        log_shipping.set("second", 2)
        yield 2

    async def read() -> list[int]:
        return [page async for page in pages()]

    assert asyncio.run(read()) == [1, 2]
    found = written.one()
    assert found["fields"] == {"second": 2}
    assert found["duration_ms"] >= 10


def test_bound_fields_are_in_the_records_of_the_block_and_its_log_lines(
    written: Written,
) -> None:
    with bound(tenant="acme", worker="w1"), record("inside"):
        pass
    with record("outside"):
        pass
    found = written.by_type()
    assert found["inside"]["fields"] == {"tenant": "acme"}
    assert found["inside"]["worker"] == "w1"
    assert "fields" not in found["outside"]


def test_what_is_bound_in_one_asyncio_task_is_unknown_to_another(written: Written) -> None:
    async def one(name: str) -> None:
        bind(name=name)
        await asyncio.sleep(0)
        with record(name):
            pass

    async def both() -> None:
        await asyncio.gather(one("a"), one("b"))

    asyncio.run(both())
    assert {kind: found["fields"]["name"] for kind, found in written.by_type().items()} == {
        "a": "a",
        "b": "b",
    }


def test_a_carried_function_works_under_the_record_of_its_caller(written: Written) -> None:
    def part(number: int) -> None:
        with record(".part", number=number):
            pass

    with ThreadPoolExecutor(2) as pool, record("resize"):
        list(pool.map(carried(part), range(4)))
    parents = {found.get("parent") for found in written.all() if found["type"] == "resize.part"}
    assert parents == {written.by_type()["resize"]["span"]}
