"""Fixtures that unit, integration and fault tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand


@pytest.fixture
def gearmand(tmp_path: Path) -> Iterator[Gearmand]:
    """A fresh gearmand without persistence."""
    with Gearmand(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def persistent_gearmand(tmp_path: Path) -> Iterator[Gearmand]:
    """A fresh gearmand whose queue outlives ``kill()`` and ``start()``."""
    with Gearmand(tmp_path, persistent=True) as daemon:
        yield daemon
