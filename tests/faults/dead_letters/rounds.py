"""Rounds of kills with a check after each: a few in the fault tests, 200 in the soak tests."""

import json
from collections.abc import Sequence

from gearmang.dead_letters.acting.interrupted import complete_interrupted
from gearmang.dead_letters.store.seam import Store
from gearmang.job.client import Client
from gearmang.job.envelope import Envelope
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.faults.dead_letters.killing import (
    JOB_DIGITS,
    jobs_in,
    kill_at_random,
    states,
    uniques_in,
)
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import many, put
from tests.integration.dead_letters.scripted_worker import ScriptedWorker
from tests.integration.dead_letters.test_collect import send

BATCH = 10
LETTERS_A_ROUND = 40


def requeue_rounds(kills: int, store: Store, gearmang: Gearmang, gearmand: Gearmand) -> None:
    """Requeues are killed; nothing consumes, so that every job can be counted.

    After each kill: a dead letter has no job, a requeued one has exactly one, one that is
    under way has at most one. In the end each has exactly one.
    """
    put(store, *many(kills * LETTERS_A_ROUND))
    killed = 0
    while killed < kills:
        killed += kill_at_random(
            gearmang,
            *("dead", "requeue", "--function", "resize", "--yes", "--batch", str(BATCH)),
            within=0.15,
        )
        jobs = jobs_in(gearmand)
        for death, state in states(store).items():
            number = jobs[death[:JOB_DIGITS]]
            assert number in {"dead": (0,), "requeued": (1,), "requeuing": (0, 1)}[state], state
        if "dead" not in states(store).values():
            put(store, *many(kills * LETTERS_A_ROUND))
            store.close()
    with Client([gearmand.address]) as client:
        complete_interrupted(store, client)
    found = states(store)
    assert "requeuing" not in found.values()
    jobs = jobs_in(gearmand)
    assert all(jobs[death[:JOB_DIGITS]] == (state == "requeued") for death, state in found.items())


def collect_rounds(kills: int, store: Store, gearmang: Gearmang, gearmand: Gearmand) -> None:
    """Collectors are killed; after each kill every death is in the store or in gearmand."""
    sent: set[str] = set()
    killed = 0
    while killed < kills:
        jobs: Sequence[Envelope] = [*many(200)]
        send(gearmand, *jobs)
        sent.update(job.death_id for job in jobs)
        killed += kill_at_random(gearmang, "collect", "--server", gearmand.address, within=0.25)
        # gearmand takes the jobs of a lost worker back when it notices the closed connection.
        await_that(
            lambda: gearmand.functions()["gearmang"][1:] == (0, 0), "gearmand takes its jobs back"
        )
        assert sent <= states(store).keys() | set(uniques_in(gearmand))
    collector = gearmang.start("collect", "--server", gearmand.address, log=gearmand.log)
    await_that(lambda: gearmand.functions()["gearmang"][0] == 0, "all is collected", 60)
    collector.terminate()
    collector.wait(10)
    assert states(store).keys() == sent


def undo_rounds(kills: int, store: Store, gearmang: Gearmang, gearmand: Gearmand) -> None:
    """Undos are killed, and completed by the next run; then a worker takes what is left.

    What is dead again must not run; what stays requeued runs exactly once.
    """
    killed = 0
    while killed < kills:
        put(store, *many(LETTERS_A_ROUND))
        store.close()
        done = gearmang("dead", "requeue", "--function", "resize", "--yes", "--json")
        plan = json.loads(done.stdout.partition(b"{")[1] + done.stdout.partition(b"{")[2])["plan"]
        killed += kill_at_random(gearmang, "dead", "undo", plan, within=0.08)
        states(store)
        with Client([gearmand.address]) as client:
            complete_interrupted(store, client)
        found = states(store)
        assert set(found.values()) <= {"dead", "requeued", "removed", "resolved"}
        requeued = {death[:JOB_DIGITS] for death, state in found.items() if state == "requeued"}
        with ScriptedWorker(gearmand.address, "resize") as worker:
            await_that(lambda: gearmand.functions()["resize"][0] == 0, "what is left has run")
        assert sorted(job.job_id for job in worker.seen) == sorted(requeued)
        gearmang("dead", "remove", "--function", "resize", "--yes")
        _forget(store)


def _forget(store: Store) -> None:
    """The next round begins with an empty store."""
    with store.writing() as connection:
        for table in ("dead_letter_bodies", "dead_letters", "dead_letter_fingerprints"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 # names of our own
    store.close()
