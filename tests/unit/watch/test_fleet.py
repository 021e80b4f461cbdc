"""Who works on what, and since when."""

from gearmang.protocol import FunctionStatus, Peer
from gearmang.watch.fleet import Crew, Staff, fleet, staff


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


def test_a_worker_of_four_functions_is_one_and_busy_with_any_of_their_jobs() -> None:
    functions = [FunctionStatus(name, total, total, 1) for name, total in zip("abcd", (0, 1, 0, 0))]
    found = staff(functions, [connection("-", *"abcd"), connection("-")])
    assert found["a"] == Staff(workers=1, running=1, idle=0, serve=4, busy=1.0)
    assert found["a"].busy == 1.0


def test_workers_that_the_jobs_of_all_their_functions_leave_over_are_idle() -> None:
    functions = [FunctionStatus("a", 5, 1, 3), FunctionStatus("b", 1, 1, 1)]
    found = staff(functions, [connection("-", "a")] * 2 + [connection("-", "a", "b")])
    assert (found["a"].workers, found["a"].idle, found["b"].idle) == (3, 1, 0)


def test_a_connection_that_holds_five_jobs_is_busy_once() -> None:
    assert staff([FunctionStatus("a", 5, 5, 1)], [connection("-", "a")])["a"].busy == 1.0
