"""From a fresh system to the three uses, an upgrade and a purge: each test goes on from there."""

from __future__ import annotations

import json
import re

import pytest

from tests.daemons.process import await_that
from tests.packages.conftest import Packages
from tests.packages.machine import Machine

pytestmark = pytest.mark.timeout(1800)

JOB = """
import os, time
def resize(job):
    if not os.path.exists('/srv/shop/mended'):
        raise ValueError('no such picture')
    time.sleep(job.data.get('seconds', 0))
    return {'width': 96}
"""
HOST = """
define host {
    host_name gm
    address 127.0.0.1
    check_command check_gearmang_server!--quiet-log OK
    check_interval 1
    max_check_attempts 1
    _GEARMAN_PORT 4730
}
define service {
    host_name gm
    service_description dead
    check_command check_gearmang_dead_letters!-c 0
    check_interval 1
    retry_interval 1
    max_check_attempts 1
}
define service {
    host_name gm
    service_description flow
    check_command check_gearmang_flow
    check_interval 1
    retry_interval 1
    max_check_attempts 1
}
"""


def letters(machine: Machine) -> list[dict[str, object]]:
    told = machine.run("gearmang", "dead", "list", "--json", check=False)
    return list(json.loads(told)) if told.startswith("[") else []


def test_it_installs_and_enables_nothing(machine: Machine, packages: Packages) -> None:
    # libmnl0 is among the packages that Debian's collectd recommends: it does not start without.
    machine.install("gearman-job-server", "nagios4-core", "collectd", "libmnl0", "curl", "procps")
    machine.install(*packages.all)
    assert "gearmang" in machine.run("gearmang", "--version")
    on = machine.run("systemctl", "list-unit-files", "gearmang-*", "--state=enabled", check=False)
    assert "gearmang-" not in on
    assert "gearmang" in machine.run("id", "-nG", "nagios").split()


def test_a_worker_is_ready_and_leaves_records(machine: Machine) -> None:
    machine.write("/srv/shop/pictures.py", JOB)
    machine.write(
        "/etc/gearmang/workers/resize.env",
        "GEARMANG_TARGET=pictures:resize\nPYTHONPATH=/srv/shop\nWORKERS=2\n"
        "GEARMANG_OPTIONS=--attempts 1\nGEARMANG_RECORDS=/var/log/gearmang/tasks\n",
    )
    machine.run("systemctl", "start", "gearmang-collector", "gearmang-worker@resize")
    assert machine.property("gearmang-worker@resize", "ActiveState") == "active"
    machine.run("gearmang", "submit", "resize", "--data", "{}")
    folder = machine.root / "var/log/gearmang/tasks"
    await_that(lambda: list(folder.glob("*.jsonl")), "a record is written", 60)
    machine.run("runuser", "-u", "nagios", "--", "sh", "-c", "cat /var/log/gearmang/tasks/*.jsonl")


def test_nagios_tells_of_the_dead_letter(machine: Machine) -> None:
    await_that(lambda: letters(machine), "the dead letter is stored", 60)
    machine.write("/etc/nagios4/conf.d/gm.cfg", HOST)
    # Minutes of five seconds.
    machine.run("sed", "-i", "s/^interval_length=.*/interval_length=5/", "/etc/nagios4/nagios.cfg")
    machine.run("nagios4", "-v", "/etc/nagios4/nagios.cfg")
    machine.run("systemctl", "restart", "nagios4")
    log = machine.root / "var/log/nagios4/nagios.log"
    await_that(
        lambda: log.exists() and re.search(r"SERVICE ALERT: gm;dead;CRITICAL", log.read_text()),
        "Nagios says that a letter is dead",
        120,
    )
    assert "cannot be" not in log.read_text()


def test_collectd_has_queue_lengths(machine: Machine) -> None:
    machine.run("systemctl", "restart", "collectd")
    folder = machine.root / "var/lib/collectd"
    await_that(
        lambda: list(folder.rglob("gearman-*/queue_length*")), "collectd writes lengths", 120
    )


def test_the_letter_is_requeued_and_done(machine: Machine) -> None:
    (letter,) = letters(machine)
    machine.write("/srv/shop/mended", "")
    machine.run("gearmang", "dead", "requeue", str(letter["id"]), "--yes")
    folder = machine.root / "var/log/gearmang/tasks"
    await_that(
        lambda: any('"success"' in path.read_text() for path in folder.glob("*.jsonl")),
        "the letter's job is done",
        60,
    )


def test_the_page_is_started_by_its_first_visitor(machine: Machine) -> None:
    machine.run("systemctl", "start", "gearmang-serve.socket")
    assert machine.property("gearmang-serve", "ActiveState") == "inactive"
    page = machine.run("curl", "-sf", "http://127.0.0.1:8730/")
    assert "resize" in page
    assert machine.property("gearmang-serve", "ActiveState") == "active"


def test_round_trips_are_answered(machine: Machine) -> None:
    machine.run("systemctl", "start", "gearmang-echo")
    assert "OK" in machine.run("/usr/lib/nagios/plugins/check_gearmang_roundtrip")


def test_the_doctor_finds_what_packages_care_for_in_order(machine: Machine) -> None:
    told = machine.run("gearmang", "doctor", "--json", check=False)
    found = {one["question"]: one["verdict"] for one in json.loads(told)}
    for question in (
        *("store can be written", "collectd can load its plugin for Python"),
        *("nagios may read the store and the records", "no unit has failed"),
    ):
        assert found[question] == "ok", told
    assert [one for one in found if one.endswith("notices a worker whose host is gone")]


@pytest.mark.parametrize(
    "unit",
    ["gearmang-worker@resize", "gearmang-collector", "gearmang-serve", "gearmang-echo",
     "gearmang-tidy"],
)  # fmt: skip
def test_units_are_hardened(machine: Machine, unit: str) -> None:
    told = machine.run("systemd-analyze", "security", "--no-pager", f"{unit}.service")
    level = re.findall(r"exposure level for \S+: ([\d.]+)", told)
    assert float(level[0]) <= 3.0, told


def test_units_are_without_mistakes(machine: Machine) -> None:
    folder = machine.root / "lib/systemd/system"
    units = sorted(
        path.name.replace("@.", "@resize.") for path in folder.glob("gearmang-*") if path.is_file()
    )
    told = machine.run("systemd-analyze", "verify", "--man=no", *units, check=False)
    assert "gearmang" not in told


def test_a_hanging_supervisor_is_killed_by_the_watchdog_and_started_anew(machine: Machine) -> None:
    unit = "gearmang-worker@resize"
    machine.write(f"/run/systemd/system/{unit}.service.d/t.conf", "[Service]\nWatchdogSec=6\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", unit)
    before = machine.property(unit, "MainPID")
    machine.run("kill", "-STOP", before)
    await_that(
        lambda: (
            machine.property(unit, "MainPID") not in ("0", before)
            and machine.property(unit, "ActiveState") == "active"
        ),
        "the worker is started anew",
        90,
    )
    assert int(machine.property(unit, "NRestarts")) >= 1


def test_a_stop_lets_the_running_job_end(machine: Machine) -> None:
    unit = "gearmang-worker@resize"
    machine.run("gearmang", "submit", "resize", "--data", '{"seconds": 3}')
    await_that(
        lambda: json.loads(machine.run("gearmang", "status", "--json"))["functions"][0]["running"],
        "the job runs",
        30,
    )
    machine.run("systemctl", "stop", unit)
    assert machine.property(unit, "Result") == "success"
    status = machine.run("gearmang", "status", "--json")
    assert '"waiting": 0' in status or '"total": 0' in status


def test_an_upgrade_leaves_workers_until_it_is_asked_to_restart_them(
    machine: Machine, packages: Packages
) -> None:
    unit = "gearmang-worker@resize"
    machine.run("systemctl", "start", unit)
    before = machine.property(unit, "MainPID")
    again = ("dpkg", "-i", f"/root/{packages['gearmang'].name}")
    machine.run(*again)
    assert machine.property(unit, "MainPID") == before
    machine.write("/etc/default/gearmang", "RESTART_ON_UPGRADE=yes\n")
    machine.run("dpkg", "--force-confold", *again[1:])
    assert machine.property(unit, "MainPID") not in ("0", before)
    assert machine.property(unit, "ActiveState") == "active"


def test_a_purge_stops_all_and_leaves_what_is_the_users(
    machine: Machine, packages: Packages
) -> None:
    machine.run("systemctl", "enable", "gearmang-worker@resize")
    machine.run("apt-get", "-qy", "purge", "gearmang-common", "gearmang", timeout=600)
    running = machine.run("pgrep", "-fa", "/usr/bin/gearmang", check=False)
    assert running == ""
    links = machine.root / "etc/systemd/system/multi-user.target.wants"
    assert [path.name for path in links.glob("gearmang-*")] == []
    assert not (machine.root / "usr/lib/gearmang").exists()
    assert (machine.root / "var/lib/gearmang/dead_letters.db").exists()
