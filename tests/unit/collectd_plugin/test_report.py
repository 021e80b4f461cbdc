"""What a poll is worth, column by column."""

from __future__ import annotations

from collectd_plugin import report
from collectd_plugin.memory import Changes, Rate
from collectd_plugin.names import Names, SeriesNames
from collectd_plugin.selection import Wanted, select
from gearmang.dead_letters.store.tally import Tally
from gearmang.protocol import FunctionStatus, PriorityStatus
from gearmang.watch.fleet import Crew, Fleet

NOW = 1_000.0


def changes(**more: object) -> Changes:
    nothing = Changes(frozenset(), {}, None, (), 0)
    return nothing._replace(**more)  # type: ignore[arg-type]  # the fields of a Changes


def flat(columns: object) -> dict[str, float]:
    """``type-type_instance`` → value; a series that comes twice is an error."""
    found: dict[str, float] = {}
    for kind, rows in columns:  # type: ignore[attr-defined]
        for instance, number in rows:
            assert f"{kind}-{instance}" not in found
            found[f"{kind}-{instance}"] = number
    return found


def functions(
    *rows: FunctionStatus, most: int = 10, crew: Fleet | None = None, moved: Changes | None = None
) -> dict[str, float]:
    selection = select(rows, Wanted((), ()), most)
    return flat(report.of_functions(selection, moved or changes(), crew, SeriesNames(), NOW))


def test_each_series_is_reported_once() -> None:
    rows = [FunctionStatus(f"f{at}", at, 0, at % 3) for at in range(20)]
    seen = functions(*rows, most=10, moved=changes(vanished=("gone",), stalled=frozenset({"f9"})))
    assert seen["gauge-total-waiting"] == sum(range(20))
    assert seen["queue_length-_other"] == sum(range(10))


def test_rates_are_reported_where_they_are_known() -> None:
    seen = functions(FunctionStatus("f", 1, 0, 0), moved=changes(rates={"f": Rate(2.0, 0.5)}))
    assert seen["operations_per_second-submitted-f"] == 2.0
    assert seen["operations_per_second-drained-f"] == 0.5


def test_a_function_that_vanished_is_zero_in_all_that_is_counted() -> None:
    crew = Fleet({}, 0, 0, 0)
    seen = functions(crew=crew, moved=changes(vanished=("gone",)))
    for name in ("queue_length", "requests", "threads", "gauge-stalled", "count-workers"):
        assert seen[f"{name}-gone"] == 0


def test_crews_of_functions_that_are_not_listed_are_left_out() -> None:
    crew = Fleet({"f": Crew(2, 900), "other": Crew(1, 1)}, 3, 0, 0)
    seen = functions(FunctionStatus("f", 0, 0, 2), crew=crew)
    assert (seen["count-workers-f"], seen["duration-oldest_worker-f"]) == (2, 100.0)
    assert "count-workers-other" not in seen


def test_priorities_of_functions_that_are_not_listed_are_in_the_total() -> None:
    rows = [PriorityStatus("a", 5, 0, 1, 0), PriorityStatus("b", 1, 0, 0, 0)]
    selection = select(
        [FunctionStatus("a", 6, 0, 0), FunctionStatus("b", 1, 0, 0)], Wanted((), ()), 1
    )
    seen = flat(report.of_priorities(rows, selection, changes(vanished=("c",)), SeriesNames()))
    assert seen["gauge-total-high"] == 6
    assert seen["pending_operations-low-a"] == 1
    assert seen["pending_operations-normal-c"] == 0
    assert "pending_operations-high-b" not in seen


def test_dead_letters_are_stored_and_arrived_by_function() -> None:
    counted = Tally(kept={"a b": 3, "c": 1}, arrived={"c": 2}, new_fingerprints={})
    assert flat(report.of_dead_letters(counted, Names())) == {
        "objects-a--20b": 3,
        "objects-c": 1,
        "gauge-total-kept": 4,
        "count-a--20b": 0,
        "count-c": 2,
        "gauge-total-arrived": 2,
    }
