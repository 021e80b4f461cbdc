"""Several gearmands seen as one."""

from tests.unit.cli.overviews import an_overview


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
