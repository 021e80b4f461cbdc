"""Every question of `gearmang logs` has the same answer from ClickHouse as from DuckDB."""

from __future__ import annotations

import http.client
import json
import math
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gearmang.cli import gearmang
from tests.benchmarks.records import make_records

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / ".clickhouse" / "bin" / "python"
RECORDS = 200_000
STACK = (
    'Traceback (most recent call last):\n  File "/srv/app/images/resize.py", line 12, in shrink\n'
    '    raise OSError("disk \\\\ \\t full")\n'
    '  File "/usr/lib/python3.11/json/decoder.py", line 9, in decode\n'
)
ODD = [
    {"type": "resize.db", "task": "resize", "parent": "0123456789abcdef", "duration_ms": 3.5},
    {"task": "resize", "outcome": "failure", "error_type": "OSError", "error_message": "it's ?",
     "error_stack": STACK, "duration_ms": 7.5, "attempt": 2, "queue_ms": 12.25},
    {"task": "mail", "outcome": "failure", "error_type": "KeyError", "duration_ms": 1.5,
     "fields": {"fingerprint": "0123456789ab", "a b": {"c": "x"}, "image": {"bytes": 10.5}}},
    {"task": "mail", "outcome": "success", "duration_ms": 2.5, "sample_rate": 0.4, "dropped": 3},
    {"task": "größe", "outcome": "success", "duration_ms": 4.5, "worker": "w@h:1+1795000000"},
]  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A folder of records, and the address of a ClickHouse that has the same."""
    folder = tmp_path_factory.mktemp("records")
    lines = folder / "records" / "tasks.jsonl"
    make_records(lines, RECORDS)
    with lines.open("a") as out:
        for number, fields in enumerate(ODD):
            identity = f"{number + 1:032x}"
            record = {
                "ts": f"2026-11-24T00:01:0{number}.5Z", "level": "INFO", "type": fields["task"],
                "event_id": identity, "id": identity, "span": identity[16:], "host": "gm2",
                "pid": 7, "service": "gearmang", "v": 1, **fields,
            }  # fmt: skip
            for _ in range(1 + number % 2):  # some were shipped twice
                out.write(json.dumps(record) + "\n")
    door = subprocess.Popen(
        [ENGINE, Path(__file__).parent / "door.py", folder / "engine", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with door:
        try:
            assert door.stdout is not None
            port = int(door.stdout.readline())
            table = (ROOT / "packaging/clickhouse/records.sql").read_text()
            statements = re.sub("^--.*", "", table, flags=re.MULTILINE).split(";")
            for statement in filter(str.strip, statements):
                commanded(port, statement)
            commanded(
                port,
                f"INSERT INTO lines SELECT * FROM file('{lines}', 'JSONEachRow')"  # noqa: S608  # our own path
                " SETTINGS date_time_input_format = 'best_effort'",
            )
            yield str(lines.parent), f"clickhouse://default:secret@127.0.0.1:{port}/tasks"
        finally:
            door.kill()


def commanded(port: int, statement: str) -> None:
    """What is no question, and has no rows to give."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("POST", "/", statement.encode(), {"X-ClickHouse-Key": "secret"})
        response = connection.getresponse()
        assert response.status == http.client.OK, response.read()


def asked(place: str, *command: str) -> Any:
    found = CliRunner().invoke(
        gearmang, ["logs", *command, "--records", place, "--json"], catch_exceptions=False
    )
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


@pytest.mark.parametrize(
    "command",
    [
        "stats", "stats --by host", "stats --by type", "stats --every 30s", "stats --every 7s",
        "stats --of image.bytes", "stats --where image.bytes=10.5",
        "stats --by image.bytes --task mail --since 2026-11-24T00:01Z --until 2026-11-24T00:01:05Z",
        "stats --of queue_ms --outcome failure", "stats --type resize*", "stats --task größe",
        "slow", "slow --task resize --since 2026-11-24T00:01Z", "failures", "failures --task mail",
        "failures --type resize", "top", "top --by type", "top --by host",
        "trace 00000000000000000000000000000002", "trace 000000000000000000000000000000",
    ],
)  # fmt: skip
def test_the_answer_is_the_same(places: tuple[str, str], command: str) -> None:
    duckdb, clickhouse = (asked(place, *command.split()) for place in places)
    assert len(duckdb) == len(clickhouse)
    for ours, theirs in zip(duckdb, clickhouse, strict=True):
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            if isinstance(value, float):
                # Sums of other orders, rounded to thousandths.
                assert math.isclose(value, theirs[name], rel_tol=1e-9, abs_tol=0.0011), name
            else:
                assert value == theirs[name], name


def test_any_question_in_its_own_sql(places: tuple[str, str]) -> None:
    found = asked(places[1], "sql", "SELECT count() AS n FROM tasks WHERE task = 'größe'")
    assert found == [{"n": 1}]


def test_bound_values_are_never_sql(places: tuple[str, str]) -> None:
    for hostile in ("x' OR '1'='1", "x\\' --", "x\n\t\\", "{p0:String}"):
        assert asked(places[1], "stats", "--task", hostile) == []


def test_a_wrong_password_is_one_sentence_without_it(places: tuple[str, str]) -> None:
    wrong = places[1].replace("secret", "guess")
    found = CliRunner().invoke(gearmang, ["logs", "stats", "--records", wrong])
    assert "Authentication failed" in str(found.exception)
    assert "guess" not in str(found.exception)


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    os.environ["TZ"] = "UTC"
    yield
    del os.environ["TZ"]
