"""Every way back to gearmand, and out of it again, with a real gearmand."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.dead_letters.acting import plans
from gearmang.dead_letters.acting.interrupted import complete_interrupted
from gearmang.dead_letters.looking.browse import count, find
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.moves import move, recount
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tally import tally
from gearmang.job.client import Client
from gearmang.job.submission import Packed
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import dead_job, dossier, many, put
from tests.integration.dead_letters.scripted_worker import ScriptedWorker


@pytest.fixture
def at_gearmand(gearmang: Gearmang, gearmand: Gearmand) -> Gearmang:
    return gearmang.at(gearmand.address)


@pytest.fixture
def collector(at_gearmand: Gearmang, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = at_gearmand.start("collect", log=tmp_path / "collect.log")
    yield process
    process.terminate()
    process.wait(10)


def queued(gearmand: Gearmand, function: str = "resize") -> int:
    return gearmand.functions().get(function, (0, 0, 0))[0]


def in_state(store: Store, state: str) -> int:
    with store.reading() as connection:
        assert recount(connection) == 0
        return count(connection, Filter(state=state))


def test_a_requeued_job_starts_a_new_life_with_its_payload_as_it_was_submitted(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    job = dead_job(b"\x00any bytes\xff")
    put(store, job)
    assert "requeued 1" in at_gearmand.dead("requeue", job.job_id)
    with ScriptedWorker(gearmand.address, "resize") as worker:
        await_that(lambda: worker.seen, "the job runs")
    (back,) = worker.seen
    assert (back.job_id, back.payload, back.attempt, back.delivery) == (
        job.job_id,
        job.payload,
        1,
        4,
    )
    assert worker.data == [job.payload]
    assert in_state(store, "requeued") == 1


def test_two_deaths_of_one_job_are_requeued_as_two_jobs(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    first = dead_job()
    put(store, first, dead_job(job_id=first.job_id, tries=6))
    at_gearmand.dead("requeue", "--function", "resize", "--yes")
    assert queued(gearmand) == 2


def test_the_rate_is_kept(store: Store, at_gearmand: Gearmang, gearmand: Gearmand) -> None:
    put(store, *many(6))
    started = time.monotonic()
    at_gearmand.dead("requeue", "--function", "resize", "--yes", "--rate", "5")
    assert time.monotonic() - started > 1.0
    assert queued(gearmand) == 6


def test_a_letter_may_go_to_another_function(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    job = dead_job(function=None)  # came straight to `gearmang`
    put(store, job)
    assert "name no function" in at_gearmand.dead("requeue", job.job_id)
    assert in_state(store, "dead") == 1
    at_gearmand.dead("requeue", job.job_id, "--to", "mail")
    assert queued(gearmand, "mail") == 1


def test_without_a_gearmand_no_letter_is_touched(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(3))
    down = gearmang.at("127.0.0.1:1")
    assert "no letter was touched" in down.dead("requeue", "--function", "resize", "--yes", code=1)
    assert in_state(store, "dead") == 3


def test_what_gearmand_refuses_stays_under_way_until_the_next_run(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    gearmand.ask("maxqueue resize 2")
    with Client([gearmand.address]) as client:
        for _ in client.queue([Packed("resize", b"x", "u")]):
            pass
    gearmand.ask("maxqueue resize 2")
    put(store, *many(3))
    said = at_gearmand.dead("requeue", "--function", "resize", "--yes", code=1)
    assert "until the next requeue" in said
    assert in_state(store, "dead") + in_state(store, "requeuing") + in_state(store, "requeued") == 3
    gearmand.ask("maxqueue resize 0")
    other = dead_job(function="mail")
    put(store, other)
    assert "an earlier run had left" in at_gearmand.dead("requeue", other.job_id)
    assert in_state(store, "requeuing") == 0


def test_a_run_that_was_killed_is_completed_under_the_same_unique_key(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    job = dead_job()
    put(store, job)
    at_gearmand.dead("requeue", job.job_id)
    with store.writing() as connection:  # as if killed between JOB_CREATED and the last commit
        row = find(connection, job.job_id)
        move(connection, [row.id], "requeued", "requeuing", plan=row.plan)
    with Client([gearmand.address]) as client:
        assert complete_interrupted(store, client) == 1
        assert complete_interrupted(store, client) == 0
    assert in_state(store, "requeued") == 1
    assert queued(gearmand) == 1  # gearmand joined the two


@pytest.fixture
def interrupted(store: Store, at_gearmand: Gearmang) -> str:
    """The plan of a requeue that was killed between JOB_CREATED and the last commit."""
    job = dead_job()
    put(store, job)
    at_gearmand.dead("requeue", job.job_id)
    with store.writing() as connection:
        row = find(connection, job.job_id)
        assert row.plan is not None
        plans.settle(connection, row.plan, [row.id], None)
        plans.finish(connection, row.plan, "under way")
        move(connection, [row.id], "requeued", "requeuing", plan=row.plan)
    return row.plan


@pytest.mark.parametrize(
    "command",
    [
        ("requeue", "--function", "nothing*", "--yes"),
        ("requeue", "--plan", "PLAN", "--yes"),
        ("undo", "OTHER"),
    ],
    ids=["matches nothing", "its plan", "undo of another"],
)
def test_any_next_requeue_or_undo_completes_an_interrupted_one(
    store: Store,
    at_gearmand: Gearmang,
    gearmand: Gearmand,
    interrupted: str,
    command: tuple[str, ...],
) -> None:
    other = dead_job(function="mail")
    put(store, other)
    at_gearmand.dead("remove", other.job_id)
    with store.reading() as connection:
        removal = str(find(connection, other.job_id).plan)
    words = [{"PLAN": interrupted, "OTHER": removal}.get(word, word) for word in command]
    at_gearmand.dead(*words, code=1 if "nothing*" in command else 0)
    assert (in_state(store, "requeuing"), in_state(store, "requeued")) == (0, 1)
    with store.reading() as connection:
        assert plans.get(connection, interrupted).state == "done"
    assert queued(gearmand) == 1


def test_a_collector_that_starts_completes_an_interrupted_requeue(
    store: Store, interrupted: str, collector: subprocess.Popen[bytes]
) -> None:
    await_that(lambda: in_state(store, "requeued") == 1, "the collector has completed it")


@pytest.mark.usefixtures("interrupted")
def test_letters_under_way_are_told_by_list_and_tally(store: Store, at_gearmand: Gearmang) -> None:
    assert "1 letter under way" in at_gearmand.dead("list")
    assert tally(str(store), since=0).under_way == 1


def test_a_letter_that_was_recalled_is_requeued_under_another_key(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    """gearmand takes a job with the key of a cancelled one, and discards it."""
    job = dead_job()
    put(store, job)
    at_gearmand.dead("requeue", job.job_id)
    with store.reading() as connection:
        plan = str(find(connection, job.job_id).plan)
    at_gearmand.dead("undo", plan)
    assert in_state(store, "dead") == 1
    at_gearmand.dead("requeue", job.job_id)
    with ScriptedWorker(gearmand.address, "resize") as worker:
        await_that(lambda: worker.seen, "the job runs")
    assert [seen.delivery for seen in worker.seen] == [job.delivery + 2]


def test_two_operators_do_not_take_the_same_letter(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    put(store, *many(400))
    runs = [
        at_gearmand.start(
            *("dead", "requeue", "--function", "resize", "--yes", "--batch", "20"),
            log=tmp_path / f"{number}.log",
        )
        for number in range(2)
    ]
    for run in runs:
        run.wait(30)
    assert queued(gearmand) == 400
    assert in_state(store, "requeued") == 400


def test_a_plan_that_another_process_carries_out_is_refused(
    store: Store, at_gearmand: Gearmang
) -> None:
    put(store, *many(3))
    proposed = json.loads(
        at_gearmand.dead("requeue", "--function", "resize", "--dry-run", "--json")
    )
    with store.writing() as connection:
        plans.take(connection, proposed["plan"], ("proposed",))
        connection.exec_driver_sql("UPDATE dead_letter_plans SET owner = 'elsewhere:1+1'")
    said = at_gearmand.dead("requeue", "--plan", proposed["plan"], "--yes", code=1)
    assert "being carried out by elsewhere" in said


def test_undo_takes_waiting_jobs_out_and_leaves_running_ones(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    put(store, *many(5))
    done = json.loads(at_gearmand.dead("requeue", "--function", "resize", "--yes", "--json"))
    started: list[str] = []

    def hold(_: object) -> bool:
        started.append("")
        await_that(lambda: len(started) > 1, "the test goes on")
        return True

    with ScriptedWorker(gearmand.address, "resize", hold) as worker:
        await_that(lambda: started, "one job runs")
        undone = at_gearmand.json("undo", done["plan"])
        started.append("")
        await_that(lambda: queued(gearmand) == 0, "the queue is empty")
    assert undone == {"plan": done["plan"], "restored": 4, "kept": 1}
    assert len(worker.seen) == 1
    assert (in_state(store, "dead"), in_state(store, "requeued")) == (4, 1)


def test_an_undone_requeue_can_be_done_again(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    job = dead_job()
    put(store, job)
    done = json.loads(at_gearmand.dead("requeue", job.job_id, "--json"))
    at_gearmand.dead("undo", done["plan"])
    at_gearmand.dead("requeue", job.job_id)
    with ScriptedWorker(gearmand.address, "resize") as worker:
        await_that(lambda: worker.seen and queued(gearmand) == 0, "the job runs")
    assert len(worker.seen) == 1


def test_a_canary_grows_while_jobs_succeed(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand, collector: object
) -> None:
    put(store, *many(7))
    with ScriptedWorker(gearmand.address, "resize"):
        course = at_gearmand.dead(*("requeue", "--function", "resize", "--yes", "--canary", "1"))
    released = [line for line in course.splitlines() if line.startswith("released")]
    assert [line.split(":")[0] for line in released] == ["released 1", "released 2", "released 4"]
    assert "all back: 7 succeeded" in course
    assert in_state(store, "resolved") == 7


def test_a_canary_stops_when_a_job_dies_again(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand, collector: object
) -> None:
    good = [dead_job(b"good") for _ in range(1)]
    put(store, *good)
    put(store, *(dead_job(b"bad") for _ in range(6)))
    with ScriptedWorker(gearmand.address, "resize", lambda job: job.payload == b"good"):
        said = at_gearmand.dead(
            *("requeue", "--function", "resize", "--yes", "--canary", "1"), code=1
        )
    assert "stopped after 3 of 7 letters, as a job died again" in said
    assert in_state(store, "resolved") == 1
    assert in_state(store, "dead") == 4 + 2  # not released, and dead once more


def test_a_canary_whose_jobs_do_not_end_stops(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    put(store, *many(3))
    said = at_gearmand.dead(
        *("requeue", "--function", "resize", "--yes", "--canary", "1", "--patience", "1s"), code=1
    )
    assert "did not end in 1 s" in said
    assert queued(gearmand) == 1


def test_the_lineage_tells_the_whole_story(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand, collector: object
) -> None:
    job = dead_job()
    put(store, job)
    at_gearmand.dead("requeue", job.job_id, "--reason", "try again")
    with ScriptedWorker(gearmand.address, "resize", lambda _: False):
        await_that(lambda: in_state(store, "dead") == 1, "it dies again")
    steps = at_gearmand.json("show", f"{job.job_id}-6")["lineage"]
    told = [step["what"] for step in steps]
    assert told[0] == "submitted"
    assert told.count("died") == 2
    assert "requeued" in told
    (requeued,) = [step for step in steps if step["what"] == "requeued"]
    assert "try again" in requeued["detail"]
    assert requeued["who"]


def test_a_failed_batch_says_what_to_do(
    store: Store, at_gearmand: Gearmang, gearmand: Gearmand
) -> None:
    put(store, dead_job(last=dossier("Odd")), dead_job(function="x" * 600))
    told = at_gearmand.dead("requeue", "--since", "1h", "--yes")
    assert "requeued 1" in told
    assert "left 1 that name no function" in told
