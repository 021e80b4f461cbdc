"""What keeps dead letters from being stored, found or sent back: one finding a question."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from sqlalchemy import func, select

from gearmang.dead_letters.arriving.letter import DEAD_FUNCTION
from gearmang.dead_letters.looking.history import record
from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import UNDER_WAY, dead_letters, fingerprints
from gearmang.protocol.server import Server
from gearmang.watch.known_faults import known_faults
from gearmang.watch.poll import Snapshot, poll

_ADMIN_TIMEOUT: Final = 5.0  # seconds
_LOUD_ENOUGH: Final = ("NOTICE", "INFO", "DEBUG")  # gearmand's levels that report a dropped job


class Diagnosis(NamedTuple):
    """The answer to one question.

    Attributes:
        verdict: ``ok``; ``bad``; or ``unknown``, where it cannot be seen from here.
        question: what was looked at.
        answer: what was found, and what to do.
    """

    verdict: Literal["ok", "bad", "unknown"]
    question: str
    answer: str


def diagnose(store: Store, servers: Sequence[Server], spool: Path | None) -> Iterator[Diagnosis]:
    """Look at everything that dead letters pass through; never raises for what it finds."""
    yield _readable(store)
    yield _writable(store)
    yield _interrupted(store)
    yield _spool(spool)
    for server in servers:
        yield from _gearmand(server)


def _readable(store: Store) -> Diagnosis:
    try:
        started = time.monotonic()
        with store.reading() as connection:
            dead = connection.execute(select(func.sum(fingerprints.c.dead))).scalar()
    except StoreError as error:
        return Diagnosis("bad", "store can be read", str(error))
    took = (time.monotonic() - started) * 1e3
    return Diagnosis(
        "ok", "store can be read", f"{dead or 0} dead letters in {store}, {took:.0f} ms"
    )


def _writable(store: Store) -> Diagnosis:
    try:
        started = time.monotonic()
        with store.writing() as connection:
            record(connection, "doctor")  # only what is committed has met a full disk
    except StoreError as error:
        return Diagnosis("bad", "store can be written", str(error))
    took = (time.monotonic() - started) * 1e3
    return Diagnosis("ok", "store can be written", f"a commit took {took:.0f} ms")


def _interrupted(store: Store) -> Diagnosis:
    question = "no requeue was cut off"
    try:
        with store.reading() as connection:
            number = connection.execute(
                select(func.count())
                .select_from(dead_letters)
                .where(dead_letters.c.state.in_(UNDER_WAY))
            ).scalar_one()
    except StoreError as error:
        return Diagnosis("bad", question, str(error))
    if number:
        return Diagnosis(
            "bad", question, f"{number} letters are under way; the next requeue ends it"
        )
    return Diagnosis("ok", question, "no letter is under way")


def _spool(spool: Path | None) -> Diagnosis:
    question = "spool is empty"
    if spool is None:
        return Diagnosis("unknown", question, "name the workers' folder with --spool")
    try:
        waiting = sum(1 for entry in os.scandir(spool) if entry.name.endswith(".job"))
    except OSError as error:
        return Diagnosis("bad", question, f"{spool} cannot be read: {error.strerror}")
    if waiting:
        return Diagnosis("bad", question, f"{waiting} files wait in {spool}: was gearmand down?")
    return Diagnosis("ok", question, f"nothing waits in {spool}")


def _gearmand(server: Server) -> Iterator[Diagnosis]:
    answer = poll([server], timeout=_ADMIN_TIMEOUT, workers=False, verbosity=True)[0]
    if not isinstance(answer, Snapshot):
        yield Diagnosis("bad", f"{server} answers", str(answer))
        return
    collecting = next((one for one in answer.functions if one.name == DEAD_FUNCTION), None)
    waiting = collecting.waiting if collecting else 0
    question = f"a collector is connected to {server}"
    if collecting is None or not collecting.workers:
        told = f"none, and {waiting} dead letters wait; start `gearmang collect`"
        yield Diagnosis("bad", question, told)
    else:
        yield Diagnosis("ok", question, f"{collecting.workers}, with {waiting} waiting")
    yield _persistence(server, answer.pid)
    yield _logs(server, answer.verbosity)
    faults = ", ".join(f"{one.says} (#{one.issue})" for one in known_faults(answer.version or ""))
    told = f"{answer.make}, of which is known: {faults}" if faults else f"{answer.make}, none"
    yield Diagnosis("ok", f"known faults of {server}", told)


def _logs(server: Server, verbosity: str | None) -> Diagnosis:
    question = f"{server} logs the jobs that it drops"
    if verbosity is None:
        return Diagnosis("unknown", question, "it does not tell its log level")
    if verbosity.upper() in _LOUD_ENOUGH:
        return Diagnosis("ok", question, f"it logs {verbosity} and worse")
    told = f"it logs only {verbosity}; start gearmand with --verbose NOTICE"
    return Diagnosis("bad", question, told)


def _persistence(server: Server, process: int | None) -> Diagnosis:
    question = f"{server} keeps its queue over a restart"
    words = _command_line(process) if process is not None else []
    if not any(word.endswith("gearmand") for word in words[:1]):
        return Diagnosis(
            "unknown", question, "gearmand runs elsewhere; look for its option -q there"
        )
    for number, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in ("-q", "--queue-type"):
            kind = value or words[number + 1 : number + 2][0]
            if kind != "builtin":
                return Diagnosis("ok", question, f"in {kind}")
    return Diagnosis(
        "bad", question, "in memory only; start gearmand with -q libsqlite3 or another"
    )


def _command_line(process: int) -> list[str]:
    try:
        raw = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode("utf-8", "backslashreplace").split("\0")[:-1]
