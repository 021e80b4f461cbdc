"""Who works on what, and since when."""

from gearmang.protocol import Peer
from gearmang.watch.fleet import Crew, fleet


def connection(client_id: str, *functions: str) -> Peer:
    return Peer(1, "127.0.0.1", client_id, functions)


def test_workers_are_counted_by_function_with_the_oldest_start() -> None:
    seen = fleet([connection("f@h:1+100", "f"), connection("f@h:2+50", "f", "g")])
    assert seen.crews == {"f": Crew(2, 50), "g": Crew(1, 50)}


def test_a_worker_that_registered_twice_is_one() -> None:
    assert fleet([connection("f@h:1+100", "f", "f")]).crews == {"f": Crew(1, 100)}


def test_an_id_that_says_nothing_is_a_worker_of_unknown_age() -> None:
    seen = fleet([connection("-", "f"), connection("", "f")])
    assert (seen.workers, seen.unreadable, seen.crews) == (2, 2, {})


def test_clients_are_counted_without_the_one_that_asked() -> None:
    assert fleet([connection("-"), connection("-")]).clients == 1
    assert fleet([]).clients == 0


def test_an_age_is_never_negative() -> None:
    assert Crew(1, 100).age(now=40) == 0.0
    assert Crew(1, 100).age(now=140) == 40.0
