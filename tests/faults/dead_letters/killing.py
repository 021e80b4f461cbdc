"""Kill a command at a random moment of its work, and keep a ledger of what must not be lost."""

import os
import random
import signal
import time
from collections import Counter

from sqlalchemy import select

from gearmang.dead_letters.store.moves import recount
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import dead_letters
from gearmang.protocol.key import JobKey
from tests.daemons.gearmand import Gearmand
from tests.integration.dead_letters.command import Gearmang

JOB_DIGITS = 32  # of a job's id, which ids of deaths start with


def kill_at_random(gearmang: Gearmang, *arguments: str, within: float) -> bool:
    """Run a command in a fork, where everything is imported, and SIGKILL it.

    No store may be open in this process, as SQLite's locks do not survive a fork.

    Args:
        within: seconds, the latest moment of the kill.

    Returns:
        Whether it was still at work.
    """
    pid = os.fork()
    if not pid:
        try:
            gearmang(*arguments)
        finally:
            os._exit(0)
    time.sleep(random.uniform(0, within))
    os.kill(pid, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def states(store: Store) -> dict[str, str]:
    """The state of each death; the counters must agree with the rows, whatever happened."""
    with store.reading() as connection:
        assert recount(connection) == 0
        rows = connection.execute(select(dead_letters.c.death_id, dead_letters.c.state))
        found = {row.death_id: row.state for row in rows}
    store.close()
    return found


def jobs_in(gearmand: Gearmand) -> Counter[str]:
    """How many jobs gearmand has, by the id that their unique keys tell."""
    keys = map(JobKey.parse, uniques_in(gearmand))
    return Counter(key.job_id for key in keys if key is not None)


def uniques_in(gearmand: Gearmand) -> list[str]:
    """The unique key of every job that gearmand has."""
    return gearmand.ask("show unique jobs").splitlines()[:-1]
