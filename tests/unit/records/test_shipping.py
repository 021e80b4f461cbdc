"""What has not reached the centre is sent again, once until it had its time."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from gearmang.records.errors import RecordsError
from gearmang.records.shipping import LONGEST_SHIPPED, Reshipped, reship, ship_check
from tests.unit.records.conftest import Write, line

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
BEFORE = datetime(2026, 11, 24, 11)  # noqa: DTZ001  # as DuckDB gives it
AFTER = datetime(2026, 11, 24, 13)  # noqa: DTZ001  # as DuckDB gives it


def send(
    folder: Path, *missing: str, now: datetime = NOON, newest: datetime | None = None
) -> Reshipped:
    return reship([str(folder)], folder, missing, now, newest)


def test_the_missing_are_written_as_they_are_to_a_file_that_the_shipper_sees(write: Write) -> None:
    folder = write(line(event_id="a" * 32), line(event_id="b" * 32))
    again = send(folder, "a" * 32)
    assert again == Reshipped(folder / "reshipped-20261124120000.jsonl", 1, 0, ())
    assert again.path is not None
    assert (
        again.path.read_bytes()
        == (folder / "tasks-2026112410.jsonl").read_bytes()[: len(again.path.read_bytes())]
    )


def test_the_file_may_be_read_by_the_group_whatever_the_umask_is(write: Write) -> None:
    folder = write(line(event_id="a" * 32))
    before = os.umask(0o077)
    try:
        again = send(folder, "a" * 32)
    finally:
        os.umask(before)
    assert again.path is not None
    assert stat.S_IMODE(again.path.stat().st_mode) == 0o640


@pytest.mark.parametrize("newest", [None, BEFORE])
def test_runs_in_an_outage_send_a_record_once(write: Write, newest: datetime | None) -> None:
    folder = write(line(event_id="a" * 32), line(event_id="b" * 32))
    send(folder, "a" * 32)
    again = send(folder, "a" * 32, "b" * 32, now=NOON + timedelta(hours=1), newest=newest)
    assert (again.sent, again.under_way) == (1, 1)
    third = send(folder, "a" * 32, "b" * 32, now=NOON + timedelta(hours=2), newest=newest)
    assert third == Reshipped(None, 0, 2, ())


@pytest.mark.parametrize(
    ("later", "newest"), [(timedelta(hours=1), AFTER), (timedelta(days=1), None)]
)
def test_what_had_its_time_is_sent_again(
    write: Write, later: timedelta, newest: datetime | None
) -> None:
    folder = write(line(event_id="a" * 32))
    send(folder, "a" * 32)
    assert send(folder, "a" * 32, now=NOON + later, newest=newest).sent == 1


def test_a_line_that_no_shipper_takes_is_named_and_not_sent(write: Write) -> None:
    folder = write(line(event_id="a" * 32, message="x" * LONGEST_SHIPPED))
    assert send(folder, "a" * 32) == Reshipped(None, 0, 0, ("a" * 32,))
    assert [path.name for path in folder.iterdir()] == ["tasks-2026112410.jsonl"]


def test_records_that_are_gone_are_told_and_nothing_is_left_behind(write: Write) -> None:
    folder = write(line())
    with pytest.raises(RecordsError, match="1 missing records are no longer in"):
        send(folder, "a" * 32)
    assert [path.name for path in folder.iterdir()] == ["tasks-2026112410.jsonl"]


def test_a_folder_that_cannot_be_written_is_told(write: Write, tmp_path: Path) -> None:
    folder = write(line(event_id="a" * 32))
    (tmp_path / "file.jsonl").touch()
    with pytest.raises(RecordsError, match="name another folder"):
        reship([str(folder)], tmp_path / "file.jsonl", ["a" * 32], NOON, None)


def test_both_sides_are_compared_by_event(write: Write, tmp_path: Path) -> None:
    arrived, lost, young = line(), line(), line(ts="2026-11-24T11:59:59Z")
    folder = write(arrived, lost, young)
    centre = tmp_path / "centre"
    centre.mkdir()
    (centre / "gm1-20261124.jsonl").write_bytes(
        (folder / "tasks-2026112410.jsonl").read_bytes().splitlines(keepends=True)[0] * 2
    )
    found = ship_check([str(folder)], [str(centre)], before=NOON - timedelta(minutes=1), since=None)
    assert (found.written, found.arrived, found.twice) == (2, 1, 1)
    assert [row[0] for row in found.missing.rows] == [lost["event_id"]]
    assert found.newest_at_centre == datetime(2026, 11, 24, 10)  # noqa: DTZ001  # as DuckDB gives it
