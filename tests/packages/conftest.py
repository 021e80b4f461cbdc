"""One machine for each Debian, which the tests of a module use one after the other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packages.machine import Machine

DIST = Path(__file__).parents[2] / "dist"
PYTHONS = {"bookworm": "py311", "trixie": "py313"}


class Packages:
    """The built packages that fit one Debian."""

    def __init__(self, release: str) -> None:
        python = PYTHONS[release]
        self.all = sorted(
            path for path in DIST.glob("*.deb") if f"+{python}" in path.name or "_all" in path.name
        )
        assert self.all, f'no packages in {DIST}; run make deb PYTHONS="3.11 3.13" first'

    def __getitem__(self, name: str) -> Path:
        (found,) = (path for path in self.all if re.match(rf"{name}_", path.name))
        return found


@pytest.fixture(scope="module", params=list(PYTHONS))
def release(request: pytest.FixtureRequest) -> str:
    """Debian's name."""
    return str(request.param)


@pytest.fixture(scope="module")
def packages(release: str) -> Packages:
    """What is installed."""
    return Packages(release)


@pytest.fixture(scope="module")
def machine(release: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A fresh system."""
    if os.getuid() != 0:
        pytest.skip("systemd-nspawn needs root")
    with Machine(release, tmp_path_factory.mktemp("machine")) as booted:
        yield booted
