"""Files named by the hour."""

from __future__ import annotations

import os
import stat
import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest

import log_shipping
from log_shipping import HourlyFileHandler, record
from log_shipping.configuration import settings
from tests.unit.log_shipping.conftest import Written


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 9, 59, 59, tzinfo=timezone.utc).timestamp()

    def __call__(self) -> float:
        return self.now


def with_clock(written: Written, *, watch: bool = False) -> tuple[Clock, HourlyFileHandler]:
    clock = Clock()
    handler = HourlyFileHandler(written.folder, clock=clock, watch=watch)
    settings.handler = handler
    return clock, handler


def one_record() -> None:
    with record("resize"):
        pass


def test_a_new_hour_has_a_new_file(written: Written) -> None:
    clock, _ = with_clock(written)
    one_record()
    clock.now += 1
    one_record()
    assert {path.name for path in written.folder.iterdir()} == {
        "tasks-2026112409.jsonl",
        "tasks-2026112410.jsonl",
    }
    assert len(written.all()) == 2


def test_others_cannot_read_the_file(written: Written) -> None:
    before = os.umask(0)
    try:
        one_record()
    finally:
        os.umask(before)
    (path,) = written.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_folder_is_made(written: Written) -> None:
    folder = written.folder / "a" / "b"
    log_shipping.configure(path=folder, sigterm=False)
    one_record()
    assert len(list(folder.iterdir())) == 1


def test_a_relative_folder_stays_the_same_after_chdir(written: Written, tmp_path: Path) -> None:
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        log_shipping.configure(path="here", sigterm=False)
        os.chdir("/")
        one_record()
    finally:
        os.chdir(before)
    assert len(list((tmp_path / "here").iterdir())) == 1


def test_records_written_to_a_deleted_file_come_back(written: Written) -> None:
    clock, _ = with_clock(written)
    clock.now -= 600
    one_record()
    clock.now += 2
    with record("seen"):
        pass
    (path,) = written.folder.iterdir()
    path.unlink()
    for number in range(5):
        with record("lost", number=number):
            pass
    clock.now += 2
    with record("after"):
        pass
    numbers = [found["fields"]["number"] for found in written.all() if found["type"] == "lost"]
    assert numbers == [0, 1, 2, 3, 4]


def test_records_written_to_a_deleted_file_come_back_at_an_hours_change_and_at_exit(
    written: Written,
) -> None:
    clock, handler = with_clock(written)
    one_record()
    next(written.folder.iterdir()).unlink()
    one_record()
    clock.now += 1
    one_record()
    assert len(written.all()) == 3
    next(written.folder.iterdir()).unlink()
    with record("last"):
        pass
    handler.report_drops()
    assert "last" in written.by_type()


def test_a_watched_file_that_was_renamed_is_opened_anew(written: Written) -> None:
    with_clock(written, watch=True)
    one_record()
    (path,) = written.folder.iterdir()
    path.rename(path.with_suffix(".1"))
    one_record()
    assert len(written.all()) == 1
    assert path.exists()


def test_a_deleted_folder_is_made_again(written: Written) -> None:
    clock, _ = with_clock(written)
    clock.now -= 600
    one_record()
    next(written.folder.iterdir()).unlink()
    written.folder.rmdir()
    clock.now += 2
    one_record()
    assert len(written.all()) >= 1


def test_threads_write_whole_lines_over_an_hours_change(written: Written) -> None:
    clock, handler = with_clock(written)
    # All threads write in both hours: the hour changes while all are in the midst of it.
    halfway = threading.Barrier(4, action=lambda: setattr(clock, "now", clock.now + 3600))

    def many() -> None:
        for number in range(500):
            if number == 250:
                halfway.wait(60)
            one_record()

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = written.all()
    assert handler.dropped == 0
    assert len(found) == 2000
    assert len({one["event_id"] for one in found}) == 2000


def test_losses_of_the_rescue_are_counted(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, _ = with_clock(written)
    clock.now -= 600
    one_record()
    next(written.folder.iterdir()).unlink()
    one_record()
    monkeypatch.setattr("log_shipping.files.rescue", lambda *_: 3)
    clock.now += 2
    one_record()
    one_record()
    assert [found["dropped"] for found in written.all() if "dropped" in found] == [3]


def test_drops_are_reported_by_the_next_record_and_not_passed_over_by_the_fast_path(
    written: Written,
) -> None:
    clock, handler = with_clock(written)
    clock.now -= 600
    one_record()
    handler.drop(2)
    clock.now += 2  # the next record looks at the file, after which most records are written fast
    handler._look()
    one_record()
    assert written.all()[-1]["dropped"] == 2


def test_durable_records_are_written_too(written: Written) -> None:
    log_shipping.configure(path=written.folder, durable=True, sigterm=False)
    one_record()
    assert written.one()["type"] == "resize"


def test_a_closed_handler_opens_again(written: Written) -> None:
    one_record()
    assert settings.handler is not None
    settings.handler.close()
    one_record()
    assert len(written.all()) == 2


def test_descriptors_do_not_pile_up(written: Written) -> None:
    clock, _ = with_clock(written)
    one_record()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        clock.now += 3600
        one_record()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
