"""What is asked for after the last fault: every job accounted for, and all else as it must be."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, select

from gearmang.dead_letters.acting.exporting import letters as letters_of_lines
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import (
    STATES,
    UNDER_WAY,
    bodies,
    dead_letters,
    fingerprints,
)
from tests.chaos.checks import Checks
from tests.chaos.operator import number_of
from tests.chaos.pipeline import SLOTS, Pipeline
from tests.chaos.processes import zombies
from tests.daemons.gearmang import BIN
from tests.daemons.process import await_that

IDLE_WITHIN = 60.0  # seconds
AT_REST = ("dead", "removed")  # states of letters whose jobs are nowhere else
STORIES = 5  # lost jobs whose packets are printed
_LOST_RECORDS = re.compile(r"(\d+) records of process \d+ are lost")
_TRACEBACK = "Traceback (most recent call last)"


class Account(NamedTuple):
    """What a run has come to.

    Attributes:
        faults: how often each was made.
        in_flight: jobs and letters that gearmand had, of all faults together.
        jobs: that gearmand said it has.
        lost: the payloads of those that are neither done nor dead.
        doubled: jobs that were done more than once.
        recovery: seconds from the last fault until all was idle.
        trouble: whatever else is not as it must be.
        story: the packets of lost jobs.
    """

    faults: Counter[str]
    in_flight: int
    jobs: int
    lost: list[bytes]
    doubled: int
    recovery: float
    trouble: list[str]
    story: list[str]

    def told(self) -> str:
        """For people."""
        made = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        lines = [
            f"{self.faults.total()} faults ({made})",
            f"{self.jobs} jobs, {len(self.lost)} lost, {self.doubled} doubled, "
            f"idle {self.recovery:.1f} s after the last fault",
            *(f"lost: {payload!r}" for payload in self.lost),
            *self.trouble,
            *self.story,
        ]
        return "\n".join(lines)

    def as_json(self) -> str:
        """One line, for a table of many runs."""
        told = self._asdict() | {"lost": [repr(payload) for payload in self.lost]}
        return json.dumps(told | {"story": len(self.story)})


def account(
    pipeline: Pipeline,
    checks: Checks,
    faults: Counter[str],
    in_flight: int,
    down: list[tuple[float, float]],
) -> Account:
    """Wait until all is idle, then look at everything that a job may have become."""
    trouble: list[str] = []
    began = time.monotonic()
    try:
        await_that(lambda: _is_idle(pipeline), "all is idle", IDLE_WITHIN)
    except TimeoutError as error:
        trouble.append(f"{error}: {pipeline.gearmand.ask('status')}{_spooled(pipeline)}")
    recovery = time.monotonic() - began
    checks.end()
    pipeline.operator.wait()
    # Any plain command mends what a killed one has left, whatever it matches.
    plain = pipeline.operator.run("requeue", "--function", "nobody", "--yes")
    with contextlib.suppress(TimeoutError):
        await_that(lambda: _is_idle(pipeline), "all is idle again", IDLE_WITHIN)
    with Store(pipeline.store.url) as store, store.reading() as connection:
        query = select(dead_letters.c.state, bodies.c.payload)
        rows = connection.execute(query.join(bodies, bodies.c.id == dead_letters.c.id)).all()
        letters = [(str(state), bytes(payload)) for state, payload in rows]
        counted = dict.fromkeys(STATES, 0)
        for state in STATES:
            total = select(func.coalesce(func.sum(fingerprints.c[state]), 0))
            counted[state] = int(connection.execute(total).scalar_one())
    states = Counter(state for state, _ in letters)
    if under_way := {state: states[state] for state in UNDER_WAY if states[state]}:
        trouble.append(f"letters under way: {under_way} ({plain.strip()})")
    if counted != {state: states[state] for state in STATES}:
        trouble.append(f"counters {counted}, letters {dict(states)}")
    letters += _archived(pipeline, trouble)
    done = Counter(number_of(payload) for payload in pipeline.noted("done"))
    dead = {number_of(payload) for state, payload in letters if state in AT_REST}
    known = set(done) | dead
    lost = sorted(one for one in pipeline.acknowledged if number_of(one) not in known)
    trouble += _of_payloads(pipeline, letters)
    trouble += _of_processes(pipeline)
    trouble += checks.wrong(down) + pipeline.operator.tracebacks
    return Account(
        faults, in_flight, len(pipeline.acknowledged), lost, sum(n > 1 for n in done.values()),
        recovery, trouble, [line for one in lost[:STORIES] for line in pipeline.wire.told_of(one)],
    )  # fmt: skip


def _is_idle(pipeline: Pipeline) -> bool:
    pipeline.mend()
    try:
        return pipeline.waiting() == 0 and not any(pipeline.spool.glob("*.job"))
    except OSError:
        return False


def _spooled(pipeline: Pipeline) -> list[str]:
    return sorted(path.name for path in pipeline.spool.iterdir() if path.name != "lock")


def _archived(pipeline: Pipeline, trouble: list[str]) -> list[tuple[str, bytes]]:
    """The letters that were pruned; whoever imports them gets them all."""
    if not pipeline.archive.exists():
        return []
    with pipeline.archive.open("rb") as file:
        found = [*letters_of_lines(file, lambda _: None)]
    fresh = pipeline.folder / "imported.db"
    command: list[str | Path] = [
        BIN / "gearmang",
        "dead",
        "import",
        pipeline.archive,
        "--store",
        fresh,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    with Store(str(fresh)) as store, store.reading() as connection:
        imported = {*connection.scalars(select(dead_letters.c.death_id))}
    if missing := {letter.row["death_id"] for letter in found} - imported:
        trouble.append(f"import left out {sorted(missing)}: {done.stdout}{done.stderr}")
    return [(letter.row["state"], letter.body["payload"]) for letter in found]


def _of_payloads(pipeline: Pipeline, letters: list[tuple[str, bytes]]) -> Iterator[str]:
    """Every payload arrives as it was given."""
    given = pipeline.given | pipeline.operator.edits
    seen = {payload for name in ("started", "done", "pygearman", "php")
            for payload in pipeline.noted(name)}  # fmt: skip
    seen |= {payload for _, payload in letters}
    for payload in sorted(seen - given):
        yield f"nobody gave this: {payload!r}"


def _of_processes(pipeline: Pipeline) -> Iterator[str]:
    if left := _spooled(pipeline):
        yield f"left in the spool: {left}"
    for name, part in pipeline.parts.items():
        if part.is_running():
            with contextlib.suppress(TimeoutError):
                await_that(lambda pid=part.pid: not zombies(pid), "none", 3)  # type: ignore[misc]
            if found := zombies(part.pid):
                yield f"{name} has zombies: {found}"
        if _TRACEBACK in (said := part.output()) and name not in ("pygearman", "PHP"):
            yield f"{name}: {said[said.index(_TRACEBACK) :][:1500]}"


def missing_records(pipeline: Pipeline) -> Iterator[str]:
    """Of each attempt there is a record, or somebody says that it is missing.

    Asked once the workers have ended: until then, one may still owe it.
    """
    attempts = Counter(told.decode().rpartition(" ")[0] for told in pipeline.noted("attempts"))
    found: dict[str, dict[str, Any]] = {}
    files = [path.open("rb") for path in pipeline.records.iterdir()]
    for file in (*pipeline.deleted, *files):
        with file:
            file.seek(0)
            for line in file:
                with contextlib.suppress(ValueError):
                    record = json.loads(line)
                    found[record["event_id"]] = record
    told = [one for one in found.values() if one.get("task") == pipeline.function]
    missing = attempts - Counter(f"{one['id']} {one['attempt']}" for one in told)
    dropped = sum(one.get("dropped", 0) for one in found.values())
    said = sum(
        int(count)
        for name in SLOTS
        for count in _LOST_RECORDS.findall(_output(pipeline.folder / f"{name}.log"))
    )
    if dropped + said + pipeline.hidden < missing.total():
        yield (
            f"{attempts.total()} attempts, {missing.total()} without a record, {dropped} dropped, "
            f"{said} said to be lost, {pipeline.hidden} ended with their supervisor: {missing}"
        )


def _output(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
