"""The minutes that are kept, against the records that they are made of."""

from __future__ import annotations

import gzip
import json
import os
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from gearmang.records.rollup import OutOfTime, RolledUp, rolled_up

NOW = time.time()
BOUND = 30.0


def record(job: str, ago: float = 600.0, outcome: str = "success") -> str:
    started = datetime.fromtimestamp(NOW - ago, timezone.utc).isoformat()
    return json.dumps({
        "ts": started, "task": "f", "outcome": outcome, "duration_ms": 0, "queue_ms": 0,
        "id": job, "event_id": f"{job} {outcome}",
    }) + "\n"  # fmt: skip


class Kept:
    """A folder of records, and the minutes beside it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "records" / "tasks.jsonl"
        self.file.parent.mkdir()
        self.file.write_text("")
        self.state = folder / "records" / "tasks.minutes"

    def write(self, *lines: str) -> None:
        with self.file.open("a") as file:
            file.writelines(lines)

    def roll_up(self, bound: float = BOUND, deadline: float = 60.0) -> RolledUp:
        places = [str(self.file.parent)]
        return rolled_up(str(self.state), places, bound, NOW, time.monotonic() + deadline)

    def jobs(self, bound: float = BOUND) -> tuple[float, float]:
        found = self.roll_up(bound).minutes.judged(bound, [21_600.0], NOW)
        (sums,) = found.get("f", [[0.0, 0.0]])
        return sums[0], sums[1]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_each_record_is_counted_once_over_many_runs(kept: Kept) -> None:
    kept.write(record("a"), record("b", outcome="failure"))
    assert kept.jobs() == (2, 1)
    kept.write(record("c"))
    assert kept.jobs() == (3, 1)
    assert kept.jobs() == (3, 1)


def test_it_is_for_its_owner_and_his_group(kept: Kept) -> None:
    kept.write(record("a"))
    kept.jobs()
    assert kept.state.stat().st_mode & 0o777 == 0o640


def test_half_a_line_is_left_for_later(kept: Kept) -> None:
    whole = record("b")
    kept.write(record("a"), whole[:20])
    assert kept.jobs() == (1, 0)
    kept.write(whole[20:])
    assert kept.jobs() == (2, 0)


def test_a_file_that_is_renamed_or_packed_is_read_on(kept: Kept) -> None:
    kept.write(record("a"))
    kept.jobs()
    kept.write(record("b"))
    moved = kept.file.rename(kept.file.with_name("tasks.jsonl.1"))
    assert kept.jobs() == (2, 0)
    with gzip.open(f"{moved}.gz", "wb") as packed:
        packed.write(moved.read_bytes() + record("c").encode())
    moved.unlink()
    assert kept.jobs() == (3, 0)
    assert kept.jobs() == (3, 0)


def test_a_file_that_was_cut_makes_all_begin_anew(kept: Kept) -> None:
    kept.write(record("a"), record("b"))
    kept.jobs()
    kept.file.write_text(record("a"))
    assert kept.jobs() == (1, 0)


@pytest.mark.parametrize("text", ["", "[]", "nul", '{"form": 9}', '{"form": 1, "at": 0}'])
def test_what_is_not_ours_is_never_trusted(kept: Kept, text: str) -> None:
    kept.write(record("a"))
    kept.state.write_text(text)
    assert kept.jobs() == (1, 0)
    assert json.loads(kept.state.read_text())["form"] == 1


def test_what_was_kept_in_the_future_is_not_trusted(kept: Kept) -> None:
    kept.write(record("a"))
    kept.jobs()
    document = json.loads(kept.state.read_text())
    document["at"], document["minutes"] = NOW + 86_400, {}
    kept.state.write_text(json.dumps(document))
    assert kept.jobs() == (1, 0)


def test_a_bound_that_was_not_counted_makes_all_be_read_again(kept: Kept) -> None:
    kept.write(record("a"))
    kept.jobs()
    assert kept.jobs(bound=0.0) == (1, 0)
    assert kept.jobs(bound=BOUND) == (1, 0)
    assert json.loads(kept.state.read_text())["bounds"] == [0.0, BOUND]


def test_where_it_cannot_be_kept_it_is_right_all_the_same(kept: Kept, tmp_path: Path) -> None:
    kept.write(record("a"))
    kept.state = tmp_path / "nowhere" / "tasks.minutes"
    assert kept.jobs() == (1, 0)
    assert "cannot be made: No such file or directory" in kept.roll_up().unkept


def test_a_run_out_of_time_keeps_what_it_read_and_the_next_goes_on(kept: Kept) -> None:
    kept.write(*(record(str(number)) for number in range(2_500)))
    with pytest.raises(OutOfTime, match="the next run goes on"):
        kept.roll_up(deadline=0)
    read = json.loads(kept.state.read_text())["offsets"]
    assert 0 < sum(read.values()) < kept.file.stat().st_size
    assert kept.jobs() == (2_500, 0)


def test_files_that_were_not_touched_for_six_hours_are_not_opened(kept: Kept) -> None:
    kept.write(record("a", ago=50_000))
    os.utime(kept.file, (NOW - 40_000, NOW - 40_000))
    kept.file.chmod(0)
    kept.jobs()
    assert json.loads(kept.state.read_text())["offsets"] == {}
