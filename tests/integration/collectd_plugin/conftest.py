"""A second gearmand, for what happens to one of two."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand


@pytest.fixture
def second_gearmand(tmp_path: Path) -> Iterator[Gearmand]:
    with Gearmand(tmp_path) as daemon:
        yield daemon
