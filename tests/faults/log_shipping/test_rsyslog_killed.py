"""Both rsyslogs killed while records are written: what is lost is named, and mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import log_shipping
from gearmang.cli.logs.ship_check import ship_check
from gearmang.cli.logs.stats import stats
from log_shipping import record
from tests.daemons.process import await_that
from tests.daemons.rsyslog import Receiver, Sender

COUNT = 4000  # records in each of three rounds


def ids(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.open("rb"):
            try:
                found.append(json.loads(line)["event_id"])
            except ValueError:  # the receiver was killed in the middle of a line
                continue
    return found


def write_records(count: int) -> None:
    for _ in range(count):
        with record("resize") as made:
            made.set(width=100)


def quiet(folder: Path) -> bool:
    """Whether nothing has arrived for half a second."""
    before = len(ids(folder))
    try:
        await_that(lambda: len(ids(folder)) != before, "something arrives", timeout=0.5)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize("round_", range(2))
def test_ship_check_names_what_is_missing_and_reship_mends_it(tmp_path: Path, round_: int) -> None:
    receiver = Receiver(tmp_path / "centre")
    sender = Sender(tmp_path / "worker", receiver.port)
    log_shipping.configure(path=sender.records, sigterm=False)
    try:
        with receiver, sender:
            write_records(COUNT)
            await_that(lambda: len(ids(receiver.records)) > 100, "records arrive")
            receiver.kill()
            write_records(COUNT)
            sender.kill()
            receiver.start()
            sender.start()
            write_records(COUNT)
            await_that(lambda: quiet(receiver.records), "the rest arrives")

            written, arrived = set(ids(sender.records)), set(ids(receiver.records))
            assert len(written) == 3 * COUNT
            arguments = ["--local", str(sender.records), "--central", str(receiver.records)]
            arguments += ["--grace", "0s", "--json"]
            told = json.loads(CliRunner().invoke(ship_check, [*arguments, "--reship"]).output)
            assert set(told["missing"]) == written - arrived
            await_that(lambda: set(ids(receiver.records)) >= written, "what was missing arrives")

            counted = CliRunner().invoke(stats, ["--records", str(receiver.records), "--json"])
            assert json.loads(counted.stdout)[0]["count"] == 3 * COUNT
    finally:
        log_shipping.configure()
