"""A real Nagios runs every check from the shipped files, and sees each fail and recover."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import log_shipping
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from log_shipping.configuration import settings
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, Worker, gearmang
from tests.daemons.nagios import HOST as HOST_NAME
from tests.daemons.nagios import Nagios
from tests.daemons.registrations import Registrations
from tests.integration.dead_letters.letters import dead_job, put
from tests.integration.nagios_checks.conftest import worker_id
from tests.integration.nagios_checks.plugin import check
from tests.integration.nagios_checks.test_shipped_configuration import DEBIAN_OBJECTS, NAGIOS

ACTIVE = {
    "queues": "--function resize -c 2",
    "flow": "--function resize --state {folder}/flow.json",
    "workers": "--function resize",
    "uptime": "-w 10m -c 1h",
    "server": "--connections ,6",
    "roundtrip": "-t 2",
    "dead_letters": "--store {folder}/letters.db -c 100 --total 0,0",
    "tasks": "--records {folder}/records -w 20 -c 25",
    "tasks objective": "--records {folder}/records --slo 94 --good-within 500ms --least-bad 1",
    "all": "--config {folder}/checks.toml",
}
SUBMITTED = "queue by check_gearmang_all"
CHECKS = """
[[service]]
nagios_host = "gm"
description = "{description}"
check = "queues"
hostname = "{address}"
function = "resize"
critical = 2
verbose = 2
"""
HOST = """
define host {{
    use            gearmang-host
    host_name      gm
    address        127.0.0.1
    _GEARMAN_PORT  {port}
}}
"""
SERVICE = """
define service {{
    use                  {template}
    host_name            gm
    service_description  {description}
    {command}
}}
"""


def objects(folder: Path, port: int) -> Path:
    """A host with one service a check, made of the shipped templates and commands."""
    blocks = [HOST.format(port=port)]
    for name, options in ACTIVE.items():
        command = f"check_command  check_gearmang_{name.split()[0]}!{options.format(folder=folder)}"
        blocks.append(
            SERVICE.format(template="gearmang-service", description=name, command=command)
        )
    blocks.append(SERVICE.format(template="gearmang-passive", description=SUBMITTED, command=""))
    path = folder / "gm.cfg"
    path.write_text("".join(blocks))
    return path


@contextmanager
def records_in(folder: Path) -> Iterator[log_shipping.TaskLogger]:
    before = settings.handler
    log_shipping.configure(path=folder)
    yield log_shipping.TaskLogger("resize")
    settings.handler = before


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "letters.db"
    with Store(str(path)) as opened:
        migrate(opened)
        put(opened, dead_job())
    return path


def test_every_check_fails_and_recovers(tmp_path: Path, store: Path) -> None:
    with Gearmand(tmp_path, options=("--verbose", "NOTICE")) as gearmand:
        text = CHECKS.format(description=SUBMITTED, address=gearmand.address)
        (tmp_path / "checks.toml").write_text(text)
        shipped = [NAGIOS / "gearmang-commands.cfg", NAGIOS / "gearmang-templates.cfg"]
        with (
            records_in(tmp_path / "records") as tasks,
            Nagios(
                tmp_path,
                {},
                objects=[*DEBIAN_OBJECTS, *shipped, objects(tmp_path, gearmand.port)],
                resources={"$USER1$": str(BIN)},
            ) as nagios,
        ):
            with Registrations(gearmand) as there:
                for _ in range(7):
                    there.connect()
                there.submit(b"resize", 3)
                there.worker([b"old"], worker_id("old", 7200))
                tasks.emit(outcome="failure", started_at=time.time(), duration_ms=1)
                for service in (*ACTIVE.keys() - {"all"}, SUBMITTED):
                    nagios.await_state(service, "CRITICAL")
            gearmang("dead", "remove", "--function", "*", "--yes", "--store", store)
            for _ in range(9):
                with tasks.record():
                    pass
            with (
                Worker(tmp_path, gearmand, "nagios_checks.echo:echo", "resize"),
                Worker(tmp_path, gearmand, "nagios_checks.echo:echo", "gearmang_echo"),
            ):
                for service in (*ACTIVE, SUBMITTED):
                    nagios.await_state(service, "OK")


def test_nagios_takes_results_from_its_folder(gearmand: Gearmand, tmp_path: Path) -> None:
    config = tmp_path / "checks.toml"
    config.write_text(CHECKS.format(description=SUBMITTED, address=gearmand.address))
    config.write_text(config.read_text().replace('"gm"', f'"{HOST_NAME}"'))
    with Nagios(tmp_path, {SUBMITTED: None}) as nagios, Registrations(gearmand) as there:
        there.submit(b"resize", 3)
        assert check("all", "--config", config, "--passive", nagios.check_results).state == "OK"
        verdict = nagios.await_state(SUBMITTED, "CRITICAL")
    assert "resize has 3 waiting (limit 2) and no workers" in verdict.output
    assert list(nagios.check_results.iterdir()) == [], "Nagios has taken the file away"
