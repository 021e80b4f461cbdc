"""The admin client against a real gearmand: every command, odd names, a frozen server."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.protocol import AdminClient, FunctionStatus, Peer, Refused, TimedOut
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations

NAMES = [
    b"a b",
    b"t\tab",
    b".",
    b":",
    b"",
    b"dir/name",
    b"\xff\xfe",
    b"n\nl",
    b"x\n.\ny",
    b"l" * 200,
]


@pytest.fixture
def admin(gearmand: Gearmand) -> Iterator[AdminClient]:
    with AdminClient("127.0.0.1", gearmand.port) as client:
        yield client


@pytest.fixture
def registrations(gearmand: Gearmand) -> Iterator[Registrations]:
    with Registrations(gearmand) as made:
        yield made


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def test_version_pid_and_log_level(admin: AdminClient, gearmand: Gearmand) -> None:
    assert admin.version().startswith("1.")
    assert admin.getpid() == gearmand.pid
    assert admin.verbose() == "ERROR"


def test_status_counts_waiting_running_and_workers(
    admin: AdminClient, registrations: Registrations
) -> None:
    registrations.submit(b"resize", 3)
    registrations.grab(registrations.worker([b"resize"]))
    assert admin.status() == (FunctionStatus("resize", 3, 1, 1),)


def test_odd_names_come_back_as_they_are(admin: AdminClient, registrations: Registrations) -> None:
    registrations.worker(NAMES, b"x : y")
    functions = admin.status()
    assert {one.name for one in functions} == {text(name) for name in NAMES}
    worker = next(one for one in admin.workers([one.name for one in functions]) if one.functions)
    assert worker.client_id == "x : y"
    assert set(worker.functions) == {text(name) for name in NAMES}


def test_workers_lists_the_monitor_too(admin: AdminClient, registrations: Registrations) -> None:
    registrations.worker([b"resize"], b"resize@host:7+1700000000")
    found = {one[1:] for one in admin.workers()}
    assert found == {
        ("127.0.0.1", "resize@host:7+1700000000", ("resize",)),
        ("127.0.0.1", "-", ()),
    }
    assert all(isinstance(one, Peer) for one in admin.workers())


def test_priorities(admin: AdminClient, registrations: Registrations) -> None:
    registrations.submit(b"resize", 2)
    assert admin.priority_status()[0] == ("resize", 0, 2, 0, 0)


def test_jobs_can_be_listed_and_cancelled(admin: AdminClient, registrations: Registrations) -> None:
    registrations.submit(b"resize", unique=b"key 1")
    (job,) = admin.jobs()
    assert (job.ghost, job.background) == (False, True)
    assert admin.unique_jobs() == ("key 1",)
    admin.cancel_job(job.handle)
    assert admin.jobs()[0].ghost
    with pytest.raises(Refused, match=r"refused `cancel job H:no:1`: UNKNOWN_JOB"):
        admin.cancel_job("H:no:1")


def test_functions_can_be_created_bounded_and_dropped(admin: AdminClient) -> None:
    admin.create_function("größe")
    assert admin.status()[0].name == "größe"
    admin.maxqueue("größe", 5)
    admin.maxqueue("größe", 5, 6, 7)
    admin.maxqueue("größe")
    admin.drop_function("größe")
    assert admin.status() == ()
    with pytest.raises(Refused, match="function not found"):
        admin.drop_function("größe")


@pytest.mark.parametrize("name", ["", "a b", "a\tb", "a\nb", "a\rb", "a\0b"])
def test_a_name_that_would_be_split_is_not_sent(admin: AdminClient, name: str) -> None:
    with pytest.raises(Refused):
        admin.create_function(name)
    assert admin.status() == ()


@pytest.mark.parametrize("sizes", [(-1,), (1, 2), (1, 2, 3, 4)])
def test_a_size_that_gearmand_would_ignore_is_not_sent(
    admin: AdminClient, sizes: tuple[int, ...]
) -> None:
    with pytest.raises(Refused):
        admin.maxqueue("resize", *sizes)


def test_one_connection_serves_all_commands(admin: AdminClient) -> None:
    # The connection that has seen gearmand start may still be on its way out.
    await_that(lambda: len(admin.workers()) == 1, "this connection is the only one")
    (before,) = admin.workers()
    admin.status()
    (after,) = admin.workers()
    assert before.fd == after.fd


def test_a_frozen_gearmand_costs_the_timeout_and_the_next_command_connects_anew(
    gearmand: Gearmand,
) -> None:
    with AdminClient("127.0.0.1", gearmand.port, timeout=0.3) as admin:
        admin.version()
        gearmand.pause()
        begun = time.monotonic()
        with pytest.raises(TimedOut, match=f"127.0.0.1:{gearmand.port} gave no complete answer"):
            admin.status()
        assert time.monotonic() - begun < 0.8
        gearmand.resume()
        assert admin.status() == ()


def test_a_restarted_gearmand_is_found_again(gearmand: Gearmand) -> None:
    with AdminClient("127.0.0.1", gearmand.port) as admin:
        first = admin.getpid()
        gearmand.kill()
        gearmand.start()
        with pytest.raises(Exception, match="connection"):
            admin.getpid()
        assert admin.getpid() != first


def test_no_descriptor_is_left_behind(gearmand: Gearmand) -> None:
    before = open_descriptors()
    for _ in range(20):
        with AdminClient("127.0.0.1", gearmand.port) as admin:
            admin.status()
    assert open_descriptors() == before
