"""The bad day, small; `make soak` has it at its full length."""

from pathlib import Path

from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.integration.dead_letters.bad_day import Day
from tests.integration.dead_letters.command import Gearmang


def test_a_bad_day_comes_to_its_end(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    Day(letters=1_000, edited=150, patience=60.0).run(store, gearmang, gearmand, tmp_path)
