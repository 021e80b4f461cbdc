"""Fixtures that unit, integration and fault tests share."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand

# Many tests make processes crash: nobody will look at the cores.
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


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
