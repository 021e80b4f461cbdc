"""``async def`` as a job's code."""

import asyncio

import pytest

from gearmang.worker.loading import load

DONE: list[str] = []


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


class Kept:
    """What its jobs share is made in their loop."""

    async def __aenter__(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def __aexit__(self, *_: object) -> None:
        DONE.append("exited")

    async def __call__(self, job: str) -> bool:
        if job == "leave":
            self.left = asyncio.ensure_future(asyncio.sleep(60))
        return asyncio.get_running_loop() is self.loop


def test_a_coroutine_function_is_run_to_its_end() -> None:
    run = load(double)

    assert [run(1), run(2)] == [2, 4]


def test_all_jobs_of_an_executor_run_in_one_loop_that_is_entered_and_left() -> None:
    run = load(Kept)
    run.on_start()  # type: ignore[attr-defined]  # the executor looks for hooks by name

    assert [run("a"), run("b")] == [True, True]
    run.on_stop()  # type: ignore[attr-defined]  # as above
    assert DONE == ["exited"]


def test_a_task_that_a_job_has_left_behind_does_not_run_beside_the_next() -> None:
    run = load(Kept)
    run.on_start()  # type: ignore[attr-defined]  # as above
    run("leave")

    assert run._function.left.cancelled()  # type: ignore[attr-defined]  # what holds the class


def test_what_interrupts_the_loop_cancels_the_job_which_may_clean_up() -> None:
    cleaned = []

    async def waits(_job: object) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(interrupt)
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    def interrupt() -> None:
        raise SystemExit("time is up")  # as a signal's handler would

    with pytest.raises(SystemExit):
        load(waits)(None)
    assert cleaned == [True]
