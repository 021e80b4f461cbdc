"""Several gearmands seen as one."""

from __future__ import annotations

from collections.abc import Sequence

from gearmang.protocol import FunctionStatus
from gearmang.protocol.key import JobKey, mark_of
from gearmang.watch.movement import GROWING, Flow
from gearmang.watch.overview import Row, overview
from gearmang.watch.poll import Snapshot
from tests.unit.cli.overviews import NOW, SERVERS, an_overview


def waiting(keys: Sequence[str], *empty_at: float | None) -> Row:
    """Two waiting jobs on each of some servers, which were seen empty then."""
    functions = (FunctionStatus("f", 2, 0, 1),)
    answers = [
        Snapshot(server, functions, (), "1.1.20", 7, 0.001, keys=tuple(keys))
        for server, _ in zip(SERVERS, empty_at, strict=False)
    ]
    flows = [{"f": Flow(GROWING, 2, empty_at=at)} for at in empty_at]
    return overview(answers, NOW, flows).rows[0]


def test_jobs_without_a_time_came_after_the_queue_was_seen_empty() -> None:
    assert waiting(["a", "b"], NOW - 240).wait_told == "<4m"
    assert waiting(["a", "b"], NOW - 240, NOW - 60).wait_told == "<4m"
    assert waiting(["a", "b"], NOW - 240, None).wait_told == "-"


def test_the_share_of_jobs_that_tell_a_time_stands_beside_it() -> None:
    key = str(JobKey("0" * 32, NOW - 7200, mark_of("f")))
    assert waiting([key, "b"], None).wait_told == "2h (50%)"
    assert waiting([key, key], None).wait_told == "2h"


def test_figures_are_summed_over_servers_and_kept_by_server() -> None:
    row = an_overview().rows[0]
    assert row.sums == ("function-0", 200, 2, 2)
    assert row.parts == (("function-0", 100, 1, 1), ("function-0", 100, 1, 1), None)


def test_the_longest_queue_comes_first() -> None:
    waiting = [row.sums.waiting for row in an_overview().rows]
    assert waiting == sorted(waiting, reverse=True)


def test_the_oldest_worker_is_told_by_function() -> None:
    ages = {row.sums.name: row.oldest_worker for row in an_overview().rows}
    assert ages["function-2"] == 120.0
    assert ages["evil\x1b[2J"] is None


def test_lost_servers_are_told() -> None:
    assert [error.server for error in an_overview().lost] == ["gm3:4730"]
