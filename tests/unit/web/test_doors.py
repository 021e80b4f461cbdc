"""The doors for programs."""

from gearmang.web.doors import scaling
from tests.unit.web.sights import sight, snapshot


def test_wanted_workers_are_jobs_by_target_rounded_up() -> None:
    seen = sight(snapshot(("resize", 7, 2, 4)), snapshot(("resize", 4, 0, 1), server="gm2:4730"))
    told = scaling(seen, "resize", 5)
    assert (told["waiting"], told["running"], told["workers"]) == (9, 2, 5)
    assert told["wanted"] == 3


def test_a_function_that_nobody_knows_wants_no_worker() -> None:
    assert scaling(sight(snapshot()), "resize", 1)["wanted"] == 0
