"""Every check in every state, as Nagios runs it, against a real gearmand, store and records."""

import pytest

from tests.daemons.gearmand import Gearmand
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.plugin import check

SERVER_TABLE = [
    # check, options, state, what the first line says
    ("queues", "-w 20 -c 30 --exclude mail", "OK", "2 queues, 12 waiting on {server}"),
    ("queues", "-w 10 -c 30 --exclude mail", "WARNING", "resize has 12 waiting (limit 10)"),
    ("queues", "-w 5 -c 10 --exclude mail", "CRITICAL", "resize has 12 waiting (limit 10)"),
    ("queues", "", "CRITICAL", "mail has 3 waiting and no workers on {server}"),
    ("queues", "--no-workers WARNING", "WARNING", "mail has 3 waiting and no workers"),
    ("queues", "--no-workers OK", "OK", "3 queues, 15 waiting"),
    ("queues", "--function mail=,9 --function *", "CRITICAL", "mail has 3 waiting and no workers"),
    ("queues", "--function res*=,11 --no-workers OK", "CRITICAL", "resize has 12 waiting"),
    ("queues", "--function res*=,11 --function *=,2", "CRITICAL", "12 waiting (limit 11)"),
    ("queues", "--function nothing*", "UNKNOWN", "no function matches nothing*"),
    ("queues", "--metric running -c 0 --function resize", "CRITICAL", "1 running (limit 0)"),
    ("queues", "--metric total -w 12 --function resize", "WARNING", "13 jobs (limit 12)"),
    ("queues", "-c @10:15 --function resize", "CRITICAL", "12 waiting (limit not 10 to 15)"),
    ("workers", "--exclude mail", "OK", "3 workers for 2 functions on {server}"),
    ("workers", "-w 3: --function resize", "WARNING", "resize has 2 workers (limit at least 3)"),
    ("workers", "", "CRITICAL", "mail has no workers (limit at least 1) on {server}"),
    ("workers", "--function resize --expect pdf", "CRITICAL", "pdf is unknown on {server}"),
    ("workers", "--function pdf", "CRITICAL", "no function matches pdf"),
    ("workers", "--function resize --busy 40,60", "WARNING", "50% busy (limit 40%)"),
    ("workers", "--function resize --busy 10,40", "CRITICAL", "50% busy (limit 40%)"),
    ("uptime", "-w 3h --function resize", "OK", "the oldest worker is 2h old on {server}"),
    ("uptime", "-w 1h -c 3h --function resize", "WARNING", "is 2h old (limit 1h)"),
    ("uptime", "--function resize", "CRITICAL", "resize is 2h old (limit 1h): pid 4321"),
    ("uptime", "--function idle", "WARNING", "1 worker of idle without a readable id"),
    ("uptime", "--function mail", "UNKNOWN", "no worker matches mail"),
    ("server", "", "OK", "gearmand 1.1"),
    ("server", "--version 1.0:1.1", "OK", "gearmand 1.1"),
    ("server", "--version 9.9:", "WARNING", "not the version expected"),
    ("server", "-w 0.001ms", "WARNING", "answered in"),
    ("server", "-w 5y", "UNKNOWN", "is no range"),
    ("server", "-w 0.000001s", "WARNING", "answered in"),
    ("server", "-c 0.000001s", "CRITICAL", "answered in"),
    ("server", "--connections 1,100", "WARNING", "connections (limit 1)"),
    ("server", "--connections 1,2", "CRITICAL", "connections (limit 2)"),
    ("roundtrip", "", "CRITICAL", "no worker serves gearmang_echo, nothing was sent on {server}"),
]


@pytest.mark.parametrize(("name", "options", "state", "says"), SERVER_TABLE)
def test_a_check_of_a_server(
    busy: Gearmand, name: str, options: str, state: str, says: str
) -> None:
    run = check(name, "-H", busy.address, *options.split())
    assert run.state == state, run
    assert run.line.startswith(f"GEARMANG_{name.upper()} {state} - "), run
    assert says.format(server=busy.address) in run.line, run
    assert run.stderr == ""
    assert len(run.output.splitlines()) == 1
    assert run.perfdata is not None


def test_the_worst_comes_first_and_each_server_is_named_once(busy: Gearmand) -> None:
    run = check("queues", "-H", busy.address, "-w", 5, "-c", 500)
    assert run.line == (
        f"GEARMANG_QUEUES CRITICAL - mail has 3 waiting and no workers on {busy.address}, and "
        "resize has 12 waiting (limit 5)"
    )


def test_perfdata_has_one_series_a_function_with_its_limits(busy: Gearmand) -> None:
    run = check("queues", "-H", busy.address, "-w", 5, "-c", "500")
    assert run.perfdata == {"idle": 0, "mail": 3, "resize": 12}
    assert "resize=12;5;500;0" in run.output


def test_every_function_has_a_line_with_v(busy: Gearmand) -> None:
    run = check("workers", "-H", busy.address, "-v")
    assert run.long == [
        f"CRITICAL: mail has no workers (limit at least 1) on {busy.address}",
        f"OK: idle has 1 worker on {busy.address}",
        f"OK: resize has 2 workers on {busy.address}",
    ]


def test_vv_tells_what_was_asked_and_vvv_what_was_answered(busy: Gearmand) -> None:
    run = check("server", "-H", busy.address, "-vvv")
    assert f"asked: -H {busy.address} -vvv" in run.long
    assert any("gearmand 1.1" in line and f"pid {busy.pid}" in line for line in run.long)


def test_functions_beyond_the_limit_are_summed(busy: Gearmand) -> None:
    run = check("queues", "-H", busy.address, "--limit", 1, "-v")
    assert run.perfdata == {"idle": 0, "_others": 15}
    assert run.long[-1] == "and 2 others, 0 of them not OK"


def test_each_server_has_series_and_verdicts_of_its_own(busy: Gearmand, gearmand: Gearmand) -> None:
    gearmand.ask("create function mail")
    run = check("queues", "-H", busy.address, "-H", gearmand.address, "--function", "mail")
    assert run.line.endswith(f"CRITICAL - mail has 3 waiting and no workers on {busy.address}")
    assert sorted(run.perfdata.values()) == [0, 3]
    assert all("mail@" in label for label in run.perfdata)


def test_no_perfdata_on_demand(busy: Gearmand) -> None:
    assert "|" not in check("queues", "-H", busy.address, "--no-perfdata").output


def test_the_port_holds_for_every_host_without_one(busy: Gearmand) -> None:
    run = check("server", "-H", "127.0.0.1", "-p", busy.port)
    assert run.state == "OK", run


def test_a_gearmand_without_functions_has_no_workers(gearmand: Gearmand) -> None:
    run = check("workers", "-H", gearmand.address)
    assert run.state == "CRITICAL"
    assert run.line.endswith(f"no workers at all: no function is known on {gearmand.address}")


def test_a_worker_that_registers_twice_is_one_worker(gearmand: Gearmand) -> None:
    with Registrations(gearmand) as there:
        there.worker([b"resize", b"resize"])
        assert gearmand.functions()["resize"][2] == 2
        run = check("workers", "-H", gearmand.address, "-w", "2:")
    assert run.line.endswith(f"resize has 1 worker (limit at least 2) on {gearmand.address}")


def test_quiet_logs_are_a_warning_since_dropped_jobs_leave_no_trace(gearmand: Gearmand) -> None:
    run = check("server", "-H", gearmand.address)
    assert run.state == "WARNING"
    assert "logs at ERROR, which hides dropped jobs" in run.line
    assert check("server", "-H", gearmand.address, "--quiet-log", "OK").state == "OK"
