"""Fixtures that unit, integration and fault tests share."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.daemons.gearmand import Gearmand

# Many tests make processes crash: nobody will look at the cores.
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))

# On a busy machine generating is slow; that is no fault of what is tested.
settings.register_profile("sturdy", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("sturdy")


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
