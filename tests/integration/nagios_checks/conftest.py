"""One gearmand with everything in it that a check may find, for tests that only look."""

import time
from collections.abc import Iterator

import pytest

from gearmang.watch.worker_id import WorkerId
from tests.daemons.gearmand import Gearmand
from tests.daemons.registrations import Registrations


def worker_id(name: str, age: float) -> bytes:
    """The client id of a worker that started ``age`` seconds ago."""
    return str(WorkerId(name, "testhost", 4321, int(time.time() - age))).encode()


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gearmand]:
    """A gearmand that logs enough, with these functions.

    - ``resize``: 12 waiting, 1 running, 2 workers, of 5 s and 2 h.
    - ``mail``: 3 waiting, no workers.
    - ``idle``: nothing to do, 1 worker without an id.
    """
    folder = tmp_path_factory.mktemp("busy")
    with (
        Gearmand(folder, options=("--verbose", "NOTICE")) as gearmand,
        Registrations(gearmand) as there,
    ):
        there.submit(b"resize", 13)
        there.submit(b"mail", 3)
        young = there.worker([b"resize"], worker_id("resize", 5))
        there.worker([b"resize"], worker_id("resize", 7200))
        there.worker([b"idle"])
        there.grab(young)
        yield gearmand
