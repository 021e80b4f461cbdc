"""One function served by workers of three makes: every payload whole, every job done or dead."""

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.job.client import Client
from gearmang.job.envelope import Envelope
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker
from tests.daemons.process import await_that
from tests.integration.worker.conftest import Letters

HERE = Path(__file__).parent
JOBS = 1000
SHARE_OF_FAILURE = 0.2
SEED = 20261125


@pytest.fixture
def fleet(tmp_path: Path, gearmand: Gearmand) -> Iterator[Path]:
    """The folder where a worker of ours, one by pygearman and one in PHP note what they got."""
    notes = tmp_path / "notes"
    notes.mkdir()
    environment = {"MIXED_NOTES": str(notes)}
    ours = Worker(
        tmp_path,
        gearmand,
        "tests.integration.job.mixed_worker:take",
        "mixed",
        "--attempts",
        "3",
        environment=environment,
    )
    ours.start()
    others = [
        subprocess.Popen([*words, str(gearmand.port)], env={**os.environ, **environment})
        for words in (
            (sys.executable, str(HERE / "mixed_worker.py")),
            ("php", str(HERE / "mixed_worker.php")),
        )
    ]
    try:
        await_that(lambda: gearmand.functions().get("mixed", (0, 0, 0))[2] == 3, "all three serve")
        yield notes
    finally:
        ours.stop()
        for other in others:
            other.kill()
            other.wait(10)


def noted(notes: Path) -> dict[str, dict[bytes, int]]:
    """Of each make, how often it got which payload."""
    found: dict[str, dict[bytes, int]] = {}
    for path in notes.iterdir():
        counts = found.setdefault(path.name, {})
        for line in path.read_bytes().splitlines():
            counts[bytes.fromhex(line.decode())] = counts.get(bytes.fromhex(line.decode()), 0) + 1
    return found


@pytest.mark.timeout(240)
def test_every_payload_arrives_byte_for_byte_and_no_job_is_lost(
    fleet: Path, gearmand: Gearmand
) -> None:
    dice = random.Random(SEED)
    payloads = []
    for number in range(JOBS):
        kind = b"once" if dice.random() < SHARE_OF_FAILURE / 2 else b"good"
        if kind == b"good" and dice.random() < SHARE_OF_FAILURE / 2:
            kind = b"dead"
        payloads.append(b"%s %d " % (kind, number) + dice.randbytes(dice.randrange(200)))
    with Client([gearmand.address]) as client:
        assert client.submit_many(("mixed", payload) for payload in payloads) == JOBS

    await_that(lambda: gearmand.functions()["mixed"][0] == 0, "every job has ended", 180)
    await_that(lambda: sum(noted(fleet)["done"].values()) > 0, "somebody has done something")

    dead: set[bytes] = set()
    letters = Letters(gearmand)
    with contextlib.closing(letters):
        for _ in range(gearmand.functions().get("gearmang", (0,))[0]):
            dead.add(letter(letters).payload)
    found = noted(fleet)
    seen = set(found["ours"]) | set(found["pygearman"]) | set(found["php"])
    assert seen == set(payloads)  # byte for byte
    assert all(found[make] for make in ("ours", "pygearman", "php"))
    assert set(found["done"]) | dead == set(payloads)


def letter(letters: Letters) -> Envelope:
    return letters.next()
