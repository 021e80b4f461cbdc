"""/metrics, read by the strict parser of prometheus_client."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from gearmang.protocol.entries import Peer, PriorityStatus
from gearmang.watch.movement import VERDICTS
from gearmang.web.figures import metrics
from gearmang.web.letters_counted import Counted
from gearmang.web.polling import Sight
from tests.unit.web.sights import NOW, lost, sight, snapshot


def values(
    seen: Sight | None, most: int = 100, *, has_store: bool = False
) -> dict[tuple[str, ...], float]:
    """Name and values of the labels → value."""
    text = metrics(seen, most_functions=most, has_store=has_store)
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_nothing_seen_is_nothing_said() -> None:
    assert values(None) == {}


def test_a_function_has_its_queue() -> None:
    found = values(sight(snapshot(("resize", 7, 2, 4))))
    assert found["gearmang_function_waiting", "gm1:4730", "resize"] == 5
    assert found["gearmang_function_running", "gm1:4730", "resize"] == 2
    assert found["gearmang_function_workers", "gm1:4730", "resize"] == 4
    assert found["gearmang_function_busy_ratio", "gm1:4730", "resize"] == 0.5


def test_a_lost_server_is_down_and_has_no_other_figure() -> None:
    found = values(sight(snapshot(("resize", 1, 0, 0)), lost("gm2:4730")))
    assert found["gearmang_server_up", "gm1:4730"] == 1
    assert found["gearmang_server_up", "gm2:4730"] == 0
    assert [key for key in found if "gm2:4730" in key] == [("gearmang_server_up", "gm2:4730")]


def test_without_workers_nobody_knows_how_busy_they_are() -> None:
    found = values(sight(snapshot(("resize", 1, 0, 0))))
    assert ("gearmang_function_busy_ratio", "gm1:4730", "resize") not in found


def test_the_oldest_worker_has_an_age() -> None:
    peers = [Peer(1, "::1", f"resize@h:7+{int(NOW) - 90}", ("resize",))]
    found = values(sight(snapshot(("resize", 0, 0, 1), connections=peers)))
    assert found["gearmang_function_oldest_worker_seconds", "gm1:4730", "resize"] == 90


def test_priorities_are_told_where_gearmand_counts_them() -> None:
    counted = (PriorityStatus("resize", 1, 2, 3, 4),)
    found = values(sight(snapshot(("resize", 6, 0, 4), priorities=counted)))
    figure = "gearmang_function_priority_waiting"
    kinds = ("high", "normal", "low")
    assert [found[figure, "gm1:4730", "resize", kind] for kind in kinds] == [1, 2, 3]


def test_the_cap_keeps_the_longest_queues_and_sums_the_rest() -> None:
    found = values(sight(snapshot(("a", 1, 0, 0), ("b", 9, 0, 0), ("c", 2, 1, 0))), most=1)
    names = {key[2] for key in found if key[0] == "gearmang_function_waiting"}
    assert names == {"b"}
    assert found["gearmang_unlisted_functions", "gm1:4730"] == 2
    assert found["gearmang_unlisted_waiting", "gm1:4730"] == 2


def test_hostile_names_stay_one_line_each() -> None:
    odd = 'x"} 1\n# EOF\n\\' + b"\xff".decode("utf-8", "surrogateescape")
    found = values(sight(snapshot((odd, 3, 0, 0), ("plain", 1, 0, 0))))
    shown = odd[:-1] + "\\xff"
    assert found["gearmang_function_waiting", "gm1:4730", shown] == 3
    assert found["gearmang_function_waiting", "gm1:4730", "plain"] == 1


def test_names_that_look_the_same_are_one_series() -> None:
    same = [b"\xff".decode("utf-8", "surrogateescape"), "\\xff"]
    found = values(sight(snapshot((same[0], 2, 0, 0), (same[1], 1, 0, 0))))
    assert found["gearmang_function_waiting", "gm1:4730", "\\xff"] == 2


def test_a_collector_is_seen_by_its_function() -> None:
    found = values(sight(snapshot(("gearmang", 0, 0, 2)), snapshot(server="gm2:4730")))
    assert found["gearmang_server_collectors", "gm1:4730"] == 2
    assert found["gearmang_server_collectors", "gm2:4730"] == 0


def test_a_store_that_does_not_answer_is_down_without_counts() -> None:
    found = values(sight(snapshot()), has_store=True)
    assert found["gearmang_store_up",] == 0
    assert ("gearmang_dead_letters_arrived_hour",) not in found


def test_letters_are_counted_by_function_and_state() -> None:
    letters = Counted({"resize": {"dead": 3, "removed": 1}}, {"new": 2}, 5)
    found = values(sight(snapshot(), letters=letters), has_store=True)
    assert found["gearmang_dead_letters", "resize", "dead"] == 3
    assert found["gearmang_causes", "new"] == 2
    assert found["gearmang_causes", "reopened"] == 0
    assert found["gearmang_dead_letters_arrived_hour",] == 5


def test_a_verdict_is_one_state_of_all() -> None:
    found = values(sight(snapshot(("resize", 0, 0, 1), ("other", 5, 0, 1))))
    states = {key: value for key, value in found.items() if key[0] == "gearmang_function_verdict"}
    assert [key[2:] for key, value in states.items() if value] == [
        *(("other", "unknown"), ("resize", "empty"))
    ]
    assert len(states) == 2 * len(VERDICTS)
