"""The bad day at its full length: 50,000 letters, 5,000 of them edited and sent back."""

from pathlib import Path

import pytest

from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.integration.dead_letters.bad_day import Day
from tests.integration.dead_letters.command import Gearmang

pytestmark = pytest.mark.timeout(1_800)


def test_a_bad_day_of_50_000_letters_comes_to_its_end(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    Day(letters=50_000, edited=5_000, patience=900.0).run(store, gearmang, gearmand, tmp_path)
