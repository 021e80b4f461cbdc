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
    ("server", "--version 9.9:", "WARNING", "not of the versions 9.9:"),
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
    assert run.perfdata == {"mail": 3, "_others": 12}
    assert run.long[-1] == "and 2 others, 0 of them not OK"


def test_each_server_has_series_and_verdicts_of_its_own(busy: Gearmand, gearmand: Gearmand) -> None:
    gearmand.ask("create function mail")
    run = check("queues", "-H", busy.address, "-H", gearmand.address, "--function", "mail")
    assert run.line.endswith(f"CRITICAL - mail has 3 waiting and no workers on {busy.address}")
    assert sorted(run.perfdata.values()) == [0, 3]
    assert run.perfdata["mail"] == 3, "a second server renames no series of the first"
    stable = check("queues", "-H", busy.address, "--labels", "stable", "--function", "mail")
    (label,) = stable.perfdata
    assert label.endswith(f"-mail--at-127--2E0--2E0--2E1-{busy.port}")


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


OPTIONS_TABLE = [
    ("queues", "--exclude *", "UNKNOWN", "nothing was judged"),
    ("queues", "--function pdf --missing OK", "OK", "0 queues"),
    ("workers", "--function pdf --missing WARNING", "WARNING", "no function matches pdf"),
    ("workers", "--expect resize", "OK", "2 workers for 1 function"),
    ("workers", "--expect resize --function mail", "CRITICAL", "mail has no workers"),
    ("uptime", "--function idle --unreadable OK", "OK", "no worker whose age"),
    ("uptime", "--function mail --missing OK", "OK", "no worker whose age could be judged"),
]


@pytest.mark.parametrize(("name", "options", "state", "says"), OPTIONS_TABLE)
def test_the_state_of_what_is_not_there_can_be_chosen(
    busy: Gearmand, name: str, options: str, state: str, says: str
) -> None:
    run = check(name, "-H", busy.address, *options.split())
    assert run.state == state, run
    assert says in run.line, run


def test_a_function_that_gearmand_only_remembers_can_be_let_pass(gearmand: Gearmand) -> None:
    gearmand.ask("create function gone")
    assert check("workers", "-H", gearmand.address).state == "CRITICAL"
    run = check("workers", "-H", gearmand.address, "--idle", "OK", "-v")
    assert run.state == "OK", run
    assert f"OK: gone has no jobs and no workers on {gearmand.address}" in run.long


def test_several_servers_are_judged_together(busy: Gearmand, gearmand: Gearmand) -> None:
    with Registrations(gearmand) as there:
        there.worker([b"mail"])
        there.submit(b"mail", 2)
        both = ("-H", busy.address, "-H", gearmand.address, "--function", "mail")
        run = check("queues", *both, "--sum", "-w", 4)
        assert run.state == "WARNING", run
        assert run.line.endswith("mail has 5 waiting (limit 4)")
        assert run.perfdata == {"mail": 5}
        assert check("workers", *both, "--sum").state == "OK"


def test_a_worker_of_four_functions_with_one_job_is_busy(gearmand: Gearmand) -> None:
    names = [b"a", b"b", b"c", b"d"]
    with Registrations(gearmand) as there:
        there.submit(b"a", 1)
        there.grab(there.worker(names))
        run = check("workers", "-H", gearmand.address, "--busy", ",90", "-v")
    assert run.state == "CRITICAL", run
    assert "d has 1 worker, 100% busy in a pool of 1 for 4 functions (limit 90%)" in run.line


def test_the_version_of_the_check_and_that_of_gearmand_have_one_option(busy: Gearmand) -> None:
    assert check("server", "--version").output.startswith("check_gearmang_server 1.")
    assert check("server", "--version", "-H", busy.address).state == "UNKNOWN"
    assert check("server", "-h").output.count("--version") == 2, "in the list and in the example"
