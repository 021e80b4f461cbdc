"""The full length of tests/faults/log_shipping: 8 processes of 100,000 records each."""

from pathlib import Path

import log_shipping
from tests.faults.log_shipping.test_many_processes import check, run

RECORDS = 100_000  # by each of 8 processes


def test_eight_processes_of_100_000_records_lose_and_tear_nothing(tmp_path: Path) -> None:
    log_shipping.configure()
    run(tmp_path / "records", RECORDS, change_after_s=1.0)
    check(tmp_path / "records", RECORDS)
