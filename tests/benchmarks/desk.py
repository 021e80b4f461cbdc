"""The desk at 300,000 letters of 8 KB: import, search, remove, prune, and what a letter takes."""

import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gearmang.dead_letters.acting.exporting import FORMAT
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.signing import sign_all
from gearmang.dead_letters.store.space import space
from tests.benchmarks.figure import Figure

LETTERS = 300_000
REMOVED = 135_000
CAUSES = 40
GEARMANG = Path(sys.executable).parent / "gearmang"
_WORDS = ("picture", "width", "invoice", "street", "warehouse", "comment", "basket", "return")
_KINDS = 64  # letters that differ in more than their numbers


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="gearmang-bench-") as name:
        store = Path(name) / "letters.db"
        wall, cpu = _import(store, LETTERS)
        yield Figure(
            f"import of {LETTERS:,} letters of 8 KB, SQLite",
            wall,
            "s",
            60,
            detail=f"{cpu:.0f} s CPU",
        )
        with Store(str(store)) as opened:
            began = time.process_time()
            sign_all(opened)
            signed = (time.process_time() - began) / LETTERS * 1e6
            with opened.reading() as connection:
                each = space(connection).total / LETTERS
        yield Figure("a letter of 8 KB with three dossiers on disk, SQLite", each / 1000, "KB")
        yield Figure("signing a letter, which the collector does, CPU", signed, "us")
        for told, text in (("nothing holds", "needle-4711-x"), ("one holds", _job(7))):
            _, cpu = _run(store, "list", "--grep", text)
            yield Figure(f"list --grep of what {told}, CPU", cpu, "s", 0.5)
        wall, cpu = _run(store, "remove", "--until", _middle(), "--yes")
        yield Figure(f"remove of {REMOVED:,}", wall, "s", 10, detail=f"{cpu:.1f} s CPU")
        wall, cpu = _run(
            store, "prune", "--max-dead", str(0), "--archive", str(Path(name) / "a"), "--yes"
        )
        told = f"prune of {LETTERS - REMOVED:,} to a plain archive, for {REMOVED:,}"
        yield Figure(told, wall * REMOVED / (LETTERS - REMOVED), "s", 10, detail=f"{cpu:.1f} s CPU")
        five = Path(name) / "five.db"
        _import(five, 20_000, size=5_000)
        with Store(str(five)) as opened:
            sign_all(opened)
            with opened.reading() as connection:
                each = space(connection).total / 20_000
        told = "a letter of 5 KB of JSON with three dossiers on disk, SQLite"
        yield Figure(told, each / 1000, "KB", 3.5)


def _middle() -> str:
    """The time before which `REMOVED` of the letters were stored."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(_FIRST + REMOVED))


_FIRST = int(time.time()) - LETTERS - 60


def _import(store: Path, count: int, size: int = 8_000) -> tuple[float, float]:
    """Seconds that `import` takes, by the clock and of CPU."""
    with Store(str(store)) as opened:
        migrate(opened)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    process = subprocess.Popen(
        [GEARMANG, "dead", "import", "-", "--store", str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    writer = threading.Thread(target=_write, args=(process.stdin, count, size))
    writer.start()
    assert process.wait() == 0
    writer.join()
    return time.monotonic() - began, _cpu() - before.ru_utime - before.ru_stime


def _run(store: Path, *words: str) -> tuple[float, float]:
    before, began = _cpu(), time.monotonic()
    subprocess.run(
        [GEARMANG, "dead", *words],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "GEARMANG_STORE": str(store)},
    )
    return time.monotonic() - began, _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write(target: IO[bytes], count: int, size: int) -> None:
    """Letters as an export has them, quickly: of some kinds, with other numbers in each."""
    chance = random.Random(14)
    kinds = [_kind(chance, number, size) for number in range(_KINDS)]
    for number in range(count):
        line = kinds[number % _KINDS].replace(b"J" * 32, _job(number).encode())
        line = line.replace(b"7777777", b"%d" % (_FIRST + number)).replace(b"8888", b"%d" % number)
        target.write(line)
    target.close()


def _job(number: int) -> str:
    """A job's id: digits that look like chance."""
    return hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()


def _kind(chance: random.Random, number: int, size: int) -> bytes:
    items: list[dict[str, object]] = []
    while len(json.dumps(items)) < size:
        name = " ".join(chance.choices(_WORDS, k=5))
        items.append(
            {"sku": f"{chance.getrandbits(40):010x}", "name": name, "price": chance.random()}
        )
    calls = "".join(
        f'  File "/srv/shop/orders/step_{step}.py", line {step * 37}, in run\n'
        "    return next(order)\n"
        for step in range(8)
    )
    cause = number % CAUSES
    history = [
        {
            "outcome": "failure",
            "error_type": "KeyError",
            "error_message": "'width' of 8888",
            "traceback": f"Traceback (most recent call last):\n{calls}KeyError: 'width'",
            "frames": [f"shop/orders/step_{cause}.py:run"],
            "started_at": chance.random() * 1e9,
            "duration_seconds": chance.random(),
            "attempt": attempt,
        }
        for attempt in (1, 2, 3)
    ]
    payload = json.dumps({"order": "J" * 32, "number": 8888, "items": items})
    letter = {
        "format": FORMAT,
        "death_id": "J" * 32 + "-3",
        "job_id": "J" * 32,
        "state": "dead",
        "fingerprint": f"{cause:012x}",
        "function": f"step_{cause % 7}",
        "server": "gm1:4730",
        "error_type": "KeyError",
        "error_message": "'width' of 8888",
        "attempts": 3,
        "worker": None,
        "revision": "r1",
        "payload_bytes": len(payload),
        "enqueued_at": None,
        "died_at": 7777777,
        "stored_at": 7777777,
        "plan": None,
        "history": history,
        "payload": payload,
    }
    return json.dumps(letter, separators=(",", ":")).encode() + b"\n"
