"""A bad day at the desk: letters of forty causes arrive, and one operator brings it to an end."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gearmang.dead_letters.arriving.notices import Notice, Notices
from gearmang.dead_letters.arriving.storing import Stored, store_letters
from gearmang.dead_letters.store.moves import recount
from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import arrived, dead_job, dossier
from tests.integration.dead_letters.scripted_worker import ScriptedWorker
from tests.integration.nagios_checks.plugin import Run, check

CAUSES = 40
CARED_FOR = 10
_GROUP = 500  # letters that arrive together


class Day(NamedTuple):
    """What the day is made of.

    Attributes:
        letters: how many arrive, of forty causes in equal parts but for the one that is edited.
        edited: how many of them a client's mistake has killed, to be edited and sent back.
        patience: seconds for what is awaited.
    """

    letters: int
    edited: int
    patience: float

    def run(self, store: Store, gearmang: Gearmang, gearmand: Gearmand, folder: Path) -> None:
        """Live through it; every step asserts what the check and the notices say."""
        notices = Notices(store, interval=3_600.0)
        told = self._storm(store, notices)
        assert len(told) == CAUSES
        assert _check(gearmang).state == "WARNING"
        causes = gearmang.json("causes", "--limit", str(CAUSES))
        assert sum(cause["letters"] for cause in causes) == self.letters
        quiet = self._care(gearmang, causes)
        self._more_of(store, gearmang, notices, quiet)
        self._edit(gearmang)
        self._release(gearmang.at(gearmand.address), gearmand, folder)
        with store.reading() as connection:
            assert recount(connection) == 0

    def _storm(self, store: Store, notices: Notices) -> set[str]:
        """All arrive; the causes that notices tell of, by name or in one call for the others."""
        told: list[Notice] = []
        letters = self._letters()
        while group := [job for _, job in zip(range(_GROUP), letters)]:
            notices.add(_arrive(store, group))
            told += notices.due()
        names = {notice.fingerprint for notice in told if not notice.others}
        return names | {f"other {number}" for number in range(sum(one.others for one in told))}

    def _letters(self) -> Iterator[Any]:
        """The edited cause's first, then all others in turn."""
        for number in range(self.letters):
            cause = 0 if number < self.edited else 1 + number % (CAUSES - 1)
            error, frame = f"Error{cause:02d}", f"shop/step_{cause:02d}.py:run"
            function = "resize" if cause == 0 else f"step_{cause % 7}"
            payload = b'{"width": "%d", "picture": "p-%d"}' % (number, number)
            yield dead_job(payload, function=function, tries=1, last=dossier(error, frames=[frame]))

    def _care(self, gearmang: Gearmang, causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Note, assign and snooze ten causes of others' functions; those alert nobody."""
        chosen = [cause for cause in causes if cause["function"] != "resize"][:CARED_FOR]
        for number, cause in enumerate(chosen):
            digits = cause["fingerprint"]
            gearmang.dead("note", digits, f"seen on the bad day, number {number}")
            gearmang.dead("assign", digits, "anna")
            gearmang.dead("snooze", digits, "2h", "--reason", "mended in the next release")
        cared = {one["fingerprint"]: one for one in gearmang.json("causes", "--limit", "40")}
        assert all(cared[one["fingerprint"]]["assigned"] == "anna" for one in chosen)
        snoozed = sum(one["letters"] for one in chosen)
        run = _check(gearmang)
        assert _count(run.line) == self.letters - snoozed
        assert run.perfdata["kept"] == self.letters
        return chosen

    def _more_of(
        self, store: Store, gearmang: Gearmang, notices: Notices, quiet: list[dict[str, Any]]
    ) -> None:
        """One more of a snoozed cause: nobody is told."""
        cause = int(quiet[0]["error_type"].removeprefix("Error"))
        last = dossier(f"Error{cause:02d}", frames=[f"shop/step_{cause:02d}.py:run"])
        before = _check(gearmang).line
        notices.add(_arrive(store, [dead_job(function=quiet[0]["function"], tries=1, last=last)]))
        assert [one for one in notices.due() if not one.others] == []
        assert _count(_check(gearmang).line) == _count(before)

    def _edit(self, gearmang: Gearmang) -> None:
        """What a client sent as text becomes a number, by filter, after a look at three."""
        words = ("edit", "--error", "Error00", "--jq", ".width |= tonumber")
        plan = gearmang.json(*words, "--dry-run")
        assert (plan["letters"], len(plan["samples"])) == (self.edited, 3)
        done = gearmang.json("edit", "--plan", plan["plan"], "--yes")
        assert (done["edited"], done["unfit"]) == (self.edited, 0)
        assert _count(_check(gearmang).line) > 0  # they are dead still

    def _release(self, gearmang: Gearmang, gearmand: Gearmand, folder: Path) -> None:
        """Send them back by canary, with a pause in between, until all have succeeded."""
        log = folder / "canary.log"
        good = re.compile(rb'\{"width":\d+,"picture":"p-\d+"\}').fullmatch
        words = ("requeue", "--error", "Error00", "--canary", "10", "--yes")
        with ScriptedWorker(
            gearmand.address, "resize", lambda job: good(job.payload) is not None
        ) as worker:
            run = gearmang.start("dead", *words, log=log)
            try:
                self._pause(gearmang, worker, log)
                assert run.wait(self.patience) == 0, log.read_text()
            finally:
                if run.poll() is None:
                    run.kill()
                    run.wait()
        assert f"all back: {self.edited} succeeded" in log.read_text()
        (cause,) = gearmang.json("causes", "--error", "Error00", "--state", "all")
        assert gearmang.json("list", "--error", "Error00") == []
        assert cause["letters"] == self.edited
        (plan,) = [one for one in gearmang.json("plans") if one["action"] == "requeue"]
        assert (plan["state"], plan["outcomes"]) == ("done", {"succeeded": self.edited})
        assert _check(gearmang).perfdata["kept"] == self.letters - self.edited + 1

    def _pause(self, gearmang: Gearmang, worker: ScriptedWorker, log: Path) -> None:
        await_that(lambda: "released" in log.read_text(), "the first stage has ended", 60)
        (plan,) = [one for one in gearmang.json("plans", "--open") if one["action"] == "requeue"]
        gearmang.dead("pause", plan["plan"], "--reason", "lunch")
        await_that(lambda: "paused by" in log.read_text(), "it holds", 60)
        seen = len(worker.seen)
        assert 0 < seen < self.edited
        assert gearmang.json("plans", "--open")[0]["state"] == "paused"
        threading.Event().wait(1.0)  # that nothing happens cannot be awaited
        assert len(worker.seen) == seen
        gearmang.dead("resume", plan["plan"])


def _arrive(store: Store, jobs: list[Any]) -> Stored:
    return store_letters(store, arrived(*jobs))


def _check(gearmang: Gearmang) -> Run:
    return check("dead_letters", "--store", gearmang.settings["GEARMANG_STORE"], "--window", "1h")


def _count(line: str) -> int:
    """How many the check says have arrived."""
    (found,) = re.findall(r"(\d+) dead letters? arrived", line)
    return int(found)
