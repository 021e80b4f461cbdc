"""Records: what one costs its task, and how fast a million is read back."""

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import orjson
import structlog

import log_shipping
from log_shipping import TaskLogger
from log_shipping.process import getrandbits, new_id
from tests.benchmarks.figure import Figure

ROUNDS = 40
BATCH = 4000  # records in one round
BLUEOX_DOTTED_US = 57.0  # one record with nine dotted `set`, BlueOx 0.11.3 on Python 2 (cited)
MILLION = 1_000_000
VIEW_RATE = 20_000  # records a second
VIEW_SECONDS = 4

tasks = TaskLogger("resize")


def figures() -> Iterator[Figure]:
    """All figures of task records."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            yield from costs(folder)
        finally:
            log_shipping.configure()
        yield from reading(folder)
        yield from tracing(folder)
        yield view_keeps_up(folder)


def costs(folder: Path) -> Iterator[Figure]:
    """Microseconds for each record of 15 fields, to a file."""
    log_shipping.configure()
    silent = best(unconfigured)["unconfigured"]
    handler = log_shipping.configure(path=folder / "records", sigterm=False)
    assert handler is not None
    log = (folder / "floor.jsonl").open("ab", buffering=0)
    peers = [*floors(log.fileno()), structlog_with_orjson(folder), dotted_nine]
    took = best(timed, ambient_set, dotted_set, blueox_set, *peers)
    record, bare, poorer = took["timed"], took["by_hand"], took["without_id"]
    yield Figure(
        "a whole timed record against the floor (id, timestamp, dict, orjson, os.write)",
        record / bare,
        bound=2.0,
        detail=f"{record:.2f} µs, floor {bare:.2f} µs (with an id made before, {poorer:.2f} µs)",
    )
    yield Figure(
        "a whole timed record against structlog with orjson",
        record / took["by_structlog"],
        bound=1.0,
        detail=f"{record:.2f} µs, structlog {took['by_structlog']:.2f} µs",
    )
    yield Figure(
        "a dotted set against BlueOx's way of doing it, made anew",
        took["dotted_set"] / took["blueox_set"],
        bound=0.2,
        detail=f"{took['dotted_set']:.2f} µs, BlueOx's {took['blueox_set']:.2f} µs",
    )
    yield Figure(
        "a record with nine dotted sets against BlueOx's (57 µs, cited)",
        took["dotted_nine"] / BLUEOX_DOTTED_US,
        bound=0.2,
        detail=f"{took['dotted_nine']:.2f} µs",
    )
    yield Figure("an ambient set", took["ambient_set"], "µs", bound=0.6)
    yield Figure("a block while nothing is configured", silent, "µs", bound=0.5)


def best(*functions: Callable[[int], None]) -> dict[str, float]:
    """The least time a call took, in µs, by name; all take turns, so that noise hits all alike."""
    least: dict[str, float] = {}
    for _ in range(ROUNDS):
        for function in functions:
            started = time.perf_counter()
            function(BATCH)
            spent = (time.perf_counter() - started) / BATCH * 1e6
            name = function.__name__
            least[name] = min(spent, least.get(name, spent))
    return least


def timed(count: int) -> None:
    for _ in range(count):
        with tasks.record() as record:
            record.set("image", "x.png")
            record.set("bytes", 48_213)


def unconfigured(count: int) -> None:
    for _ in range(count):
        with tasks.record():
            pass


def dotted_nine(count: int) -> None:
    for _ in range(count):
        with tasks.record() as record:
            for key in NINE:
                record.set(key, 1)


def ambient_set(count: int) -> None:
    with tasks.record():
        for _ in range(count):
            log_shipping.set("width", 3)


def dotted_set(count: int) -> None:
    with tasks.record() as record:
        for _ in range(count):
            record.set("image.width", 3)


NINE = tuple(f"image.part{number}.bytes" for number in range(9))


class SplitKey:
    """A dotted key the way that BlueOx takes it apart: a slice of one is made as a new one."""

    def __init__(self, text: str) -> None:
        self.parts: list[str | int] = []
        for part in text.split("."):
            try:
                self.parts.append(int(part))
            except ValueError:
                self.parts.append(part)

    def first(self) -> "SplitKey":
        return SplitKey(".".join(str(part) for part in self.parts[:-1]))


def blueox_set(count: int) -> None:
    data: dict[Any, Any] = {}
    for _ in range(count):
        key, inner = SplitKey("image.width"), data
        for part in key.first().parts:
            inner = inner.setdefault(part, {})
        inner[key.parts[-1]] = 3


def floors(descriptor: int) -> list[Callable[[int], None]]:
    """The same 15 fields without a logger, and without an outcome, a context or a clock."""
    options = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    made_before = new_id()

    def write_line(event_id: str, image: str, size: int) -> None:
        document = {
            "ts": datetime.now(timezone.utc),
            "level": "INFO",
            "type": "resize",
            "event_id": event_id,
            "id": event_id,
            "span": event_id[:16],
            "task": "resize",
            "host": "gm1.example.net",
            "service": "gearmang",
            "v": 1,
            "pid": 4242,
            "outcome": "success",
            "duration_ms": 1.123,
            "fields": {"image": image, "bytes": size},
        }
        os.write(descriptor, orjson.dumps(document, option=options))

    def by_hand(count: int) -> None:
        for _ in range(count):
            write_line(f"{getrandbits(128):032x}", "x.png", 48_213)

    def without_id(count: int) -> None:
        for _ in range(count):
            write_line(made_before, "x.png", 48_213)

    return [by_hand, without_id]


def structlog_with_orjson(folder: Path) -> Callable[[int], None]:
    """The same fields through structlog, set up for speed as its documentation says."""
    out = (folder / "structlog.jsonl").open("ab")
    logger = structlog.wrap_logger(
        structlog.BytesLogger(out),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        cache_logger_on_first_use=True,
    )

    def by_structlog(count: int) -> None:
        for _ in range(count):
            started = time.perf_counter()
            logger.info(
                "resize",
                event_id=new_id(),
                id="5f2b9c105f2b9c105f2b9c105f2b9c10",
                span="5f2b9c105f2b9c10",
                task="resize",
                host="gm1.example.net",
                service="gearmang",
                v=1,
                pid=4242,
                outcome="success",
                duration_ms=round((time.perf_counter() - started) * 1e3, 3),
                fields={"image": "x.png", "bytes": 48_213},
            )

    return by_structlog


def make_records(path: Path, count: int) -> None:
    """Records of four tasks, 320 bytes each, made by DuckDB since that is fast."""
    path.parent.mkdir()
    duckdb.sql(
        f"""
        COPY (
            SELECT strftime(TIMESTAMP '2026-11-24' + to_milliseconds(i), '%Y-%m-%dT%H:%M:%S.%fZ')
                       AS ts,
                   'INFO' AS level, task AS type,
                   replace(gen_random_uuid()::VARCHAR, '-', '') AS event_id,
                   replace(gen_random_uuid()::VARCHAR, '-', '') AS id,
                   '0123456789abcdef' AS span, task,
                   CASE WHEN random() < 0.02 THEN 'failure' ELSE 'success' END AS outcome,
                   round(exp(3 + random() * 2), 3) AS duration_ms,
                   'gm1' AS host, 4242 AS pid, 'gearmang' AS service, 1 AS v,
                   {{'image': {{'bytes': CAST(random() * 1e6 AS INTEGER)}}}} AS fields
            FROM (SELECT range AS i, ['resize', 'mail', 'index', 'thumb'][1 + range % 4] AS task
                  FROM range({count}))
        ) TO '{path}' (FORMAT json)
        """  # noqa: S608  # our own path and number
    )


def stats(folder: Path) -> tuple[float, float]:
    """Wall seconds and MiB that ``gearmang logs stats`` takes."""
    command = [sys.executable, "-c", "from gearmang.cli import main; main()"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "logs", "stats", "--records", str(folder), "--json"], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        rows = orjson.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert len(rows) == 4
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def reading(folder: Path) -> Iterator[Figure]:
    """`stats` over a million and over ten million records."""
    make_records(folder / "million" / "tasks.jsonl", MILLION)
    million = [stats(folder / "million") for _ in range(3)]
    seconds = min(run[0] for run in million)
    yield Figure("stats over 1,000,000 records", seconds, "s", bound=1.5)
    yield Figure("its memory", max(run[1] for run in million), "MiB", bound=400)
    make_records(folder / "ten" / "tasks.jsonl", 10 * MILLION)
    ten, memory = stats(folder / "ten")
    yield Figure(
        "stats over 10,000,000 records against ten times 1,000,000",
        ten / seconds / 10,
        bound=1.3,
        detail=f"{ten:.1f} s, {memory:.0f} MiB",
    )


def tracing(folder: Path) -> Iterator[Figure]:
    """`trace` of one job among two million records."""
    make_records(folder / "two" / "tasks.jsonl", 2 * MILLION)
    with (folder / "two" / "tasks.jsonl").open("rb") as file:
        wanted = orjson.loads(file.readline())["id"]
    command = [sys.executable, "-c", "from gearmang.cli import main; main()", "logs", "trace"]
    process = subprocess.Popen(
        [*command, wanted, "--records", str(folder / "two"), "--json"], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert len(orjson.loads(process.stdout.read())) == 1
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    yield Figure("trace among 2,000,000 records, CPU", cpu, "s", bound=1.5)
    yield Figure("its memory", usage.ru_maxrss / 1024, "MiB", bound=200)


def view_keeps_up(folder: Path) -> Figure:
    """How far `view` is behind when 20,000 records/s have come in for some seconds."""
    place = folder / "live"
    place.mkdir()
    line = (folder / "million" / "tasks.jsonl").open("rb").readline()
    printed = folder / "printed"
    command = [sys.executable, "-c", "from gearmang.cli import main; main()", "logs", "view"]
    with printed.open("wb") as out, (place / "tasks.jsonl").open("ab", buffering=0) as records:
        viewer = subprocess.Popen(
            [*command, "--records", str(place), "--from-start"], stdout=out, bufsize=0
        )
        try:
            started = time.perf_counter()
            total = VIEW_RATE * VIEW_SECONDS
            for batch in range(VIEW_SECONDS * 100):
                records.write(line * (VIEW_RATE // 100))
                time.sleep(max(0.0, started + (batch + 1) / 100 - time.perf_counter()))
            ended = time.perf_counter()
            while count_lines(printed) < total and time.perf_counter() < ended + 60:
                time.sleep(0.02)
            behind = time.perf_counter() - ended
        finally:
            viewer.kill()
            viewer.wait()
    return Figure(
        f"view behind after {VIEW_SECONDS} s of {VIEW_RATE:,} records/s", behind, "s", bound=1.0
    )


def count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
