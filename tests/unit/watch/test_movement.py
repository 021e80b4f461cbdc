"""Verdicts on queues, from the polls of a window."""

import random
from collections.abc import Iterable

import pytest

from gearmang.protocol import FunctionStatus
from gearmang.protocol.key import JobKey, mark_of
from gearmang.watch import movement
from gearmang.watch.movement import Flow, Past, flow_of, follow, judge

WINDOW = 600.0
START = 1_795_000_000.0
Look = tuple[int, int, int, int]  # waiting, running, workers, idle


def seen(looks: Iterable[Look], *, every: float = 60.0, still: bool = True) -> Flow:
    """The verdict after some looks at one function, the jobs of which keep their keys or do not."""
    past: Past | None = None
    for number, (waiting, running, workers, idle) in enumerate(looks):
        first = 0 if still else number * 1000
        past = follow(
            past,
            START + number * every,
            [FunctionStatus("f", waiting + running, running, workers)],
            window=WINDOW,
            idle={"f": idle},
            keys={"f": [key(job) for job in range(first, first + waiting + running)]},
        )
    assert past is not None
    return flow_of(judge(past, WINDOW), "f")


def key(job: int) -> str:
    return str(JobKey(f"{job:032x}", START + job / 1000, mark_of("f")))


def test_a_queue_without_waiting_jobs_is_empty() -> None:
    assert seen([(0, 2, 2, 0)]).verdict == movement.EMPTY


def test_a_queue_that_was_empty_in_the_window_keeps_up() -> None:
    looks = [(0, 1, 1, 0), *[(5, 1, 1, 0)] * 9]
    assert seen(looks).verdict == movement.KEEPING_UP


def test_a_queue_that_falls_drains_and_says_when_it_will_be_empty() -> None:
    flow = seen([(100 - 5 * n, 2, 2, 0) for n in range(11)])
    assert flow.verdict == movement.DRAINING
    assert flow.rate == pytest.approx(-50 / 600)
    assert flow.drain == pytest.approx(50 / (50 / 600))


def test_a_queue_that_never_falls_grows_with_its_rate() -> None:
    flow = seen([(10 + 6 * n, 2, 2, 0) for n in range(11)], still=False)
    assert flow.verdict == movement.GROWING
    assert flow.rate == pytest.approx(0.1)


def test_a_queue_that_grows_and_falls_by_one_now_and_then_grows() -> None:
    looks = [(10 + 2 * n - 3 * (n % 2), 2, 2, 0) for n in range(11)]
    assert seen(looks, still=False).verdict == movement.GROWING


def test_a_queue_that_rises_and_falls_keeps_up() -> None:
    looks = [(10 + n % 3, 2, 2, 0) for n in range(12)]
    assert seen(looks).verdict in movement.OK


def test_idle_workers_with_waiting_jobs_of_which_none_moves_are_stuck() -> None:
    assert seen([(7, 0, 4, 4)] * 11).verdict == movement.STUCK


def test_a_stuck_queue_that_grows_is_stuck() -> None:
    assert seen([(7 + n, 0, 4, 4) for n in range(11)]).verdict == movement.STUCK


def test_busy_workers_of_which_none_ends_a_job_hang() -> None:
    assert seen([(7, 4, 4, 0)] * 11).verdict == movement.HUNG


def test_jobs_whose_workers_are_busy_with_other_functions_are_starved() -> None:
    assert seen([(7, 0, 4, 0)] * 11).verdict == movement.STARVED


def test_jobs_without_a_worker_are_unserved_from_the_second_look_on() -> None:
    assert seen([(7, 0, 0, 0)]).verdict == movement.UNKNOWN
    assert seen([(0, 0, 0, 0), (7, 0, 0, 0), (7, 0, 0, 0)]).verdict == movement.UNSERVED


def test_the_same_figures_with_other_jobs_keep_up() -> None:
    assert seen([(7, 4, 4, 0)] * 11, still=False).verdict == movement.KEEPING_UP


def test_the_same_figures_are_not_judged_without_keys() -> None:
    past: Past | None = None
    for number in range(11):
        functions = [FunctionStatus("f", 7, 0, 2)]
        past = follow(past, START + 60 * number, functions, window=WINDOW)
    assert past is not None
    assert judge(past, WINDOW)["f"].verdict == movement.UNKNOWN


def test_jobs_without_keys_are_stuck_where_no_job_of_the_server_is_gone() -> None:
    assert plain([frozenset({1, 2, 3, 4})] * 11) == movement.STUCK


def test_jobs_without_keys_are_stuck_though_jobs_of_other_functions_ended() -> None:
    assert plain([frozenset({1, 2, 3, 4 + n}) for n in (0, 1, 1) * 4]) == movement.UNKNOWN
    others = [frozenset({1, 2, 3, *range(20 + n, 40)}) for n in range(11)]
    assert plain(others) == movement.STUCK


def test_a_restart_is_told_by_numbers_where_the_pid_stays_the_same() -> None:
    looks = [frozenset({11, 12, 13})] * 6 + [frozenset({1, 2, 3})] * 5
    assert plain(looks) == movement.UNKNOWN


def plain(looks: Iterable[frozenset[int]]) -> str:
    """The verdict on three jobs without keys that wait, the jobs of the server given by numbers."""
    past: Past | None = None
    for number, jobs in enumerate(looks):
        functions = [FunctionStatus("f", 3, 0, 2)]
        past = follow(
            past, START + 60 * number, functions,
            window=WINDOW, idle={"f": 2}, keys={}, pid=1, numbers=jobs,
        )  # fmt: skip
    assert past is not None
    return judge(past, WINDOW)["f"].verdict


def test_a_window_that_is_not_whole_is_unknown() -> None:
    assert seen([(7, 0, 4, 4)] * 5).verdict == movement.UNKNOWN


def test_a_gap_between_polls_begins_the_window_anew() -> None:
    past = follow(None, START, [FunctionStatus("f", 7, 0, 4)], window=WINDOW)
    past = follow(past, START + 0.7 * WINDOW, [FunctionStatus("f", 7, 0, 4)], window=WINDOW)
    assert [len(course.steps) for course in past.courses.values()] == [1]


def test_a_clock_that_is_set_back_begins_the_window_anew() -> None:
    past = follow(None, START, [FunctionStatus("f", 7, 0, 4)], window=WINDOW)
    past = follow(past, START - 5, [FunctionStatus("f", 7, 0, 4)], window=WINDOW)
    assert (past.at, len(past.courses["f"].steps)) == (START - 5, 1)


def test_it_is_known_when_nothing_waited_last() -> None:
    flow = seen([(0, 0, 4, 4), *[(7, 0, 4, 4)] * 14])
    assert (flow.empty_at, flow.verdict) == (START, movement.STUCK)


def test_many_polls_of_a_window_take_little_room_and_lose_no_movement() -> None:
    looks = [(50, 4, 4, 0)] * 100 + [(49, 4, 4, 0)] + [(50, 4, 4, 0)] * 100
    past: Past | None = None
    for number, (waiting, running, workers, _) in enumerate(looks):
        functions = [FunctionStatus("f", waiting + running, running, workers)]
        past = follow(past, START + 3 * number, functions, window=WINDOW)
    assert past is not None
    assert len(past.courses["f"].steps) <= movement.MOST_STEPS + 1
    assert judge(past, WINDOW)["f"].verdict == movement.KEEPING_UP


def test_a_number_that_grows_with_the_trouble_stands_for_the_verdict() -> None:
    assert Flow(movement.EMPTY, 0).number == 0
    assert all(Flow(one, 0).number >= 4 for one in movement.WARNING | movement.CRITICAL)


@pytest.mark.parametrize("seed", range(10))
def test_no_history_is_called_stuck_that_moved_nor_good_that_did_not(seed: int) -> None:
    chance = random.Random(seed)  # histories, not secrets
    for _ in range(100):
        _live(chance)


def _live(chance: random.Random) -> None:
    """A queue with its jobs one by one, polled now and then, and what was said at each poll."""
    workers, pace = chance.randint(0, 3), chance.choice([0.0, 0.0, 0.02, 0.5, 2.0])
    arriving, keyed = chance.choice([0.0, 0.01, 0.3, 1.0]), chance.random() < 0.8
    numbered, others, elsewhere = (
        chance.random() < 0.5,
        list[int](),
        chance.choice([0.0, 0.02, 0.5]),
    )
    waiting, running, made, past = list(range(1, chance.randint(1, 7))), list[int](), 6, None
    ends: list[float] = []
    polls: list[tuple[float, int]] = []
    at = START
    for _ in range(chance.randint(3, 40)):
        for _ in range(60):
            at += 1.0
            if chance.random() < arriving and len(waiting) < 8:  # a queue that is bounded
                made += 1
                waiting.append(made)
            if chance.random() < elsewhere and len(others) < 4:  # jobs of another function
                made += 1
                others.append(made)
            if others and chance.random() < elsewhere:
                others.pop(0)
            if running and chance.random() < pace:
                running.pop(chance.randrange(len(running)))
                ends.append(at)
            if waiting and pace and len(running) < workers and chance.random() < 0.9:
                running.append(waiting.pop(0))
                ends.append(at)
        if chance.random() < 0.02:
            pace = 0.0
        if chance.random() < 0.05:
            continue  # a poll that failed
        jobs = [*waiting, *running]
        past = follow(
            past,
            at,
            [FunctionStatus("f", len(jobs), len(running), workers)],
            window=WINDOW,
            idle={"f": workers - len(running)},
            keys={"f": [key(job) for job in jobs]} if keyed else None,
            numbers=frozenset(jobs + others) if numbered and not keyed else None,
        )
        polls.append((at, len(waiting)))
        verdict = flow_of(judge(past, WINDOW), "f").verdict
        inside = [end for end in ends if end > at - movement.TOLERANCE * WINDOW]
        if verdict in (movement.STUCK, movement.HUNG, movement.STARVED):
            assert not inside, verdict
        touched = any(not count for time, count in polls if time >= at - WINDOW)
        if verdict in movement.OK and not touched:
            assert [end for end in ends if end > at - 2 * WINDOW], verdict
