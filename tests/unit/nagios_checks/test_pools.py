"""How busy workers are, where they share functions."""

from __future__ import annotations

from gearmang.protocol import FunctionStatus, Peer
from nagios_checks.pools import pools


def peer(fd: int, *functions: str) -> Peer:
    return Peer(fd, "h", "-", functions)


def test_a_worker_of_four_functions_with_one_job_is_busy() -> None:
    functions = [FunctionStatus(name, 0, int(name == "a"), 1) for name in "abcd"]
    found = pools(functions, [peer(7, *"abcd")])
    assert {name: found[name].busy for name in "abcd"} == dict.fromkeys("abcd", 100)


def test_workers_that_share_functions_are_one_pool() -> None:
    functions = [
        FunctionStatus("a", 1, 1, 2),
        FunctionStatus("b", 1, 1, 2),
        FunctionStatus("c", 0, 0, 1),
    ]
    found = pools(functions, [peer(7, "a"), peer(8, "a", "b"), peer(9, "b"), peer(10, "c")])
    assert found["a"] == found["b"] == (("a", "b"), 3, 2)
    assert found["c"] == (("c",), 1, 0)


def test_a_connection_that_holds_five_jobs_is_one_busy_worker() -> None:
    assert pools([FunctionStatus("a", 5, 5, 1)], [peer(7, "a")])["a"].busy == 100


def test_a_function_that_is_registered_twice_is_one() -> None:
    assert pools([FunctionStatus("a", 0, 0, 2)], [peer(7, "a", "a")])["a"].workers == 1


def test_clients_and_functions_without_workers_are_in_no_pool() -> None:
    assert pools([FunctionStatus("a", 5, 0, 0)], [peer(7)]) == {}
