"""Plans that are being carried out for operators, each in a thread with a store of its own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from gearmang.dead_letters.acting.canary import Stage, canary
from gearmang.dead_letters.acting.interrupted import complete_interrupted
from gearmang.dead_letters.acting.mass_editing import edit_letters
from gearmang.dead_letters.acting.plans import OPEN, carried_out, get
from gearmang.dead_letters.acting.removal import carry_out, undo
from gearmang.dead_letters.acting.requeue import reach, requeue
from gearmang.dead_letters.looking.history import acting_as, record
from gearmang.dead_letters.store.errors import NotAllowed
from gearmang.dead_letters.store.rows import Plan
from gearmang.dead_letters.store.seam import Store
from gearmang.errors import GearmangError
from gearmang.job.client import Client
from gearmang.protocol.server import Server

_BATCH: Final = 100  # letters between two looks whether to pause
_PATIENCE: Final = 600.0  # seconds that a canary's stage may take
_MOST_TOLD: Final = 200  # plans whose end is remembered, for who looks at their page


class _Paused(Exception):
    """An operator asked for a pause."""


class Errands:
    """What this process carries out now.

    Args:
        address: of the store.
        servers: to requeue to.
    """

    def __init__(self, address: str | None, servers: Sequence[Server]) -> None:
        self._address = address
        self._servers = tuple(servers)
        self._lock = threading.Lock()
        self._at_work: dict[str, threading.Thread] = {}
        self._pauses: dict[str, str] = {}  # plan → who asked
        self._told: OrderedDict[str, str] = OrderedDict()
        self._closed = False

    def close(self, timeout: float = 20.0) -> None:
        """Pause everything, and wait for it: each plan stays ``stopped``, to be gone on with."""
        with self._lock:
            self._closed = True
            threads = [*self._at_work.values()]
            for plan in self._at_work:
                self._pauses[plan] = "the end of the page"
        for thread in threads:
            thread.join(timeout)

    def is_at(self, plan: str) -> bool:
        """Whether the plan is being carried out here."""
        return plan in self._at_work

    def told(self, plan: str) -> str | None:
        """How the last errand of this plan ended."""
        return self._told.get(plan)

    def pause(self, plan: str, who: str) -> None:
        """Ask it to stop after the letters that are at hand.

        Raises:
            NotAllowed: nothing is being carried out here.
        """
        with self._lock:
            if plan not in self._at_work:
                raise NotAllowed(f"plan {plan} is not being carried out by this page")
            self._pauses[plan] = who

    def start(
        self, plan: Plan, who: str, *, first: int | None = None, rate: float | None = None
    ) -> None:
        """Carry a plan out, or go on with it.

        Args:
            first: letters of the canary's first stage; None requeues without one.
            rate: the most letters a second.

        Raises:
            NotAllowed: it is at work already, or done.
        """
        if plan.state not in OPEN:
            raise NotAllowed(f"plan {plan.plan} is {plan.state}; make a new one")

        def errand(store: Store) -> str:
            if plan.action == "edit":
                edited = edit_letters(store, plan, progress=self._look(plan.plan))
                return _ended(edited.edited + edited.unchanged, edited.skipped + edited.unfit)
            if plan.action != "requeue":
                moved, skipped = carry_out(store, plan, progress=self._look(plan.plan))
                return _ended(moved, skipped)
            return self._requeue(store, plan, first, rate)

        self._send(plan.plan, who, errand)

    def undo(self, plan: Plan, who: str, why: str | None) -> None:
        """Take a plan back.

        Raises:
            NotAllowed: it is at work.
        """

        def errand(store: Store) -> str:
            if plan.action == "requeue":
                with Client(self._servers) as client:
                    complete_interrupted(store, client)
            done = undo(store, plan.plan, why=why)
            return f"{done.restored} are dead again; {done.kept} stay as they are"

        self._send(plan.plan, who, errand)

    def _requeue(self, store: Store, plan: Plan, first: int | None, rate: float | None) -> str:
        with Client(self._servers) as client:
            reach(client)
            complete_interrupted(store, client)
            with store.reading() as connection:
                plan = get(connection, plan.plan)
            if plan.state == "done":
                return "all was done already"
            with carried_out(store, plan):
                if first is not None:
                    return self._canary(store, client, plan.plan, first)
                done = requeue(
                    store, client, plan.plan, batch=_BATCH, rate=rate,
                    progress=self._look(plan.plan),
                )  # fmt: skip
        unfit = f"; {done.unfit} name no function that could be queued" if done.unfit else ""
        return _ended(done.requeued, done.skipped) + unfit

    def _canary(self, store: Store, client: Client, plan: str, first: int) -> str:
        look = self._look(plan)

        def told(stage: Stage) -> None:
            detail = (
                f"released {stage.released}: {stage.succeeded} succeeded, {stage.died} died again,"
                f" {stage.unsettled} undecided"
            )
            with store.writing() as connection:
                record(connection, "canary stage", plan=plan, detail=detail)
            if stage.is_good:
                look(stage.released)

        stages = canary(
            store, client, self._servers, plan, first=first, patience=_PATIENCE, told=told
        )
        if stages and not stages[-1].is_good:
            why = "a job died again" if stages[-1].died else "jobs did not end in time"
            raise NotAllowed(f"the canary stopped, as {why}; mend it, then go on")
        return f"{sum(stage.succeeded for stage in stages)} succeeded"

    def _look(self, plan: str) -> Callable[[int], None]:
        def look(_: int) -> None:
            if plan in self._pauses:
                raise _Paused

        return look

    def _send(self, plan: str, who: str, errand: Callable[[Store], str]) -> None:
        assert self._address is not None  # noqa: S101 # a plan was read from it
        address = self._address

        def run() -> None:
            try:
                with acting_as(who), Store(address) as store:
                    told = errand(store)
            except _Paused:
                told = f"paused by {self._pauses.get(plan, who)}; it can be gone on with"
            except GearmangError as error:
                told = str(error)
            except Exception as error:  # a thread's own end would be seen by nobody
                told = f"it failed by a mistake of the page: {type(error).__name__}: {error}"
            with self._lock:
                self._told[plan] = told
                self._told.move_to_end(plan)
                while len(self._told) > _MOST_TOLD:
                    self._told.popitem(last=False)
                del self._at_work[plan]
                self._pauses.pop(plan, None)

        with self._lock:
            if self._closed:
                raise NotAllowed("the page is ending; nothing new is begun")
            if plan in self._at_work:
                raise NotAllowed(f"plan {plan} is being carried out already")
            thread = threading.Thread(target=run, name=f"plan {plan}", daemon=True)
            self._at_work[plan] = thread
            self._told.pop(plan, None)
            thread.start()


def _ended(done: int, skipped: int) -> str:
    passed = f"; {skipped} were no longer dead when their turn came" if skipped else ""
    return f"{done} done{passed}"
