"""What successive polls tell together, and what they cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from collectd_plugin.memory import Changes, Memory, Rate
from gearmang.protocol import FunctionStatus, QueuedJob

PID = 7
QUEUE = FunctionStatus("f", 5, 1, 1)


def learn(
    memory: Memory, at: float, *functions: FunctionStatus, pid: int = PID, jobs: str | None = None
) -> Changes:
    """One poll; jobs are the numbers of their handles."""
    listed: Sequence[QueuedJob] | None = None
    if jobs is not None:
        listed = [QueuedJob(f"H:vm:{number}", 0, False, True) for number in jobs.split()]
    return memory.learn(at, pid, functions, jobs=listed)


def test_a_queue_that_does_not_move_for_n_polls_is_stalled() -> None:
    memory = Memory(stalled_polls=2)
    seen = [learn(memory, at, QUEUE).stalled for at in range(4)]
    assert seen == [frozenset(), frozenset(), {"f"}, {"f"}]


def test_any_movement_ends_a_stall() -> None:
    memory = Memory(1)
    for at in range(2):
        learn(memory, at, QUEUE)
    assert learn(memory, 2, QUEUE._replace(total=6)).stalled == frozenset()
    assert learn(memory, 3, QUEUE._replace(total=6)).stalled == {"f"}
    assert learn(memory, 4, QUEUE._replace(total=6, running=2)).stalled == frozenset()


def test_without_workers_or_without_waiting_jobs_nothing_stalls() -> None:
    memory = Memory(1)
    idle = [FunctionStatus("no workers", 5, 0, 0), FunctionStatus("all running", 2, 2, 2)]
    for at in range(3):
        changes = learn(memory, at, *idle)
    assert changes.stalled == frozenset()


def test_a_restart_is_counted_and_ends_all_stalls() -> None:
    memory = Memory(1)
    for at in range(2):
        assert learn(memory, at, QUEUE).restarts == 0
    changes = learn(memory, 2, QUEUE, pid=8)
    assert changes.restarts == 1
    assert learn(memory, 3, QUEUE, pid=8).restarts == 1


def test_a_restart_under_the_same_pid_is_told_by_the_numbers_of_jobs() -> None:
    memory = Memory(1)
    learn(memory, 0, jobs="41 42 43")
    assert learn(memory, 1, jobs="43 44").restarts == 0
    assert learn(memory, 2, jobs="").restarts == 0
    assert learn(memory, 3, jobs="45").restarts == 0
    assert learn(memory, 4, jobs="1").restarts == 1
    assert learn(memory, 5, jobs="1 2").restarts == 1


def test_a_restart_ends_all_stalls() -> None:
    memory = Memory(stalled_polls=2)
    for at in range(3):
        learn(memory, at, QUEUE)
    assert learn(memory, 3, QUEUE, pid=8).stalled == frozenset()


def test_jobs_that_came_back_under_old_numbers_give_no_negative_rate() -> None:
    memory = Memory(1)
    learn(memory, 0, jobs="7")
    assert learn(memory, 1, jobs="2 3 7 8").server_rate is None


def test_without_workers_what_is_more_was_submitted() -> None:
    memory = Memory(1)
    learn(memory, 0, FunctionStatus("f", 5, 0, 0))
    assert learn(memory, 2, FunctionStatus("f", 9, 0, 0)).rates == {"f": Rate(2.0, 0.0)}


def test_rates_are_unknown_where_a_worker_may_have_drained() -> None:
    memory = Memory(1)
    with_worker, without = FunctionStatus("f", 9, 0, 1), FunctionStatus("f", 9, 0, 0)
    for at, function in enumerate([without, with_worker, with_worker, without]):
        assert learn(memory, at, function).rates == {}
    assert learn(memory, 9, without._replace(total=8)).rates == {}  # cancelled, or a short worker


def test_rates_are_unknown_over_a_restart() -> None:
    memory = Memory(1)
    learn(memory, 0, FunctionStatus("f", 5, 0, 0))
    assert learn(memory, 1, FunctionStatus("f", 9, 0, 0), pid=8).rates == {}


def test_handles_tell_what_was_submitted_and_drained_in_all() -> None:
    memory = Memory(1)
    assert learn(memory, 0, jobs="1 2 3").server_rate is None
    # 4 to 7 were made, of which 7 is left; 1, 2, 4, 5 and 6 are gone.
    assert learn(memory, 2, jobs="3 7").server_rate == Rate(2.0, 2.5)


def test_an_empty_queue_tells_no_numbers_but_the_next_one_does() -> None:
    memory = Memory(1)
    learn(memory, 0, jobs="1 2")
    assert learn(memory, 1, jobs="").server_rate is None
    assert learn(memory, 4, jobs="10").server_rate == Rate(2.0, 2.25)


def test_handles_of_another_life_tell_nothing() -> None:
    memory = Memory(1)
    learn(memory, 0, jobs="100")
    assert learn(memory, 1, jobs="1", pid=8).server_rate is None
    assert learn(memory, 2, jobs="x 3", pid=8).server_rate == Rate(2.0, 1.0)


def test_a_function_that_vanished_is_told_once() -> None:
    memory = Memory(1)
    learn(memory, 0, QUEUE)
    assert learn(memory, 1).vanished == ("f",)
    assert learn(memory, 2).vanished == ()


def test_a_function_that_is_only_no_longer_listed_has_not_vanished() -> None:
    memory = Memory(1)
    memory.learn(0, PID, [QUEUE])
    assert memory.learn(1, PID, [], unlisted={"f"}).vanished == ()
