"""200 kills each, at random moments of requeue, of collecting and of undo."""

import pytest

from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.faults.dead_letters.rounds import collect_rounds, requeue_rounds, undo_rounds
from tests.integration.dead_letters.command import Gearmang

KILLS = 200

pytestmark = pytest.mark.timeout(1_800)


def test_200_killed_requeues_lose_and_double_nothing(
    store: Store, gearmang: Gearmang, gearmand: Gearmand
) -> None:
    requeue_rounds(KILLS, store, gearmang.at(gearmand.address), gearmand)


def test_200_killed_collectors_lose_and_double_nothing(
    store: Store, gearmang: Gearmang, gearmand: Gearmand
) -> None:
    collect_rounds(KILLS, store, gearmang, gearmand)


def test_200_killed_undos_lose_and_double_nothing(
    store: Store, gearmang: Gearmang, gearmand: Gearmand
) -> None:
    undo_rounds(KILLS, store, gearmang.at(gearmand.address), gearmand)
