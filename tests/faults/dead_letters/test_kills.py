"""kill -9 at random moments; the soak tests do the same 200 times."""

from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.faults.dead_letters.rounds import collect_rounds, requeue_rounds, undo_rounds
from tests.integration.dead_letters.command import Gearmang

KILLS = 8


def test_a_killed_requeue_loses_and_doubles_nothing(
    store: Store, gearmang: Gearmang, gearmand: Gearmand
) -> None:
    requeue_rounds(KILLS, store, gearmang.at(gearmand.address), gearmand)


def test_a_killed_collector_loses_and_doubles_nothing(
    store: Store, gearmang: Gearmang, gearmand: Gearmand
) -> None:
    collect_rounds(KILLS, store, gearmang, gearmand)


def test_a_killed_undo_loses_and_doubles_nothing(
    store: Store, gearmang: Gearmang, gearmand: Gearmand
) -> None:
    undo_rounds(KILLS, store, gearmang.at(gearmand.address), gearmand)
