"""What is shipped for Nagios and Icinga 2 is what they take, and names options that exist."""

import importlib.util
import json
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from nagios_checks.command import load
from nagios_checks.config import CHECKS, services
from tests.daemons.icinga2 import Icinga2
from tests.daemons.nagios import Nagios

PACKAGING = Path(__file__).parents[3] / "packaging"
NAGIOS = PACKAGING / "nagios"
ICINGA = PACKAGING / "icinga2"
DEBIAN = Path("/etc/nagios4/objects")  # generic-host, generic-service, and what they need
DEBIAN_OBJECTS = [
    DEBIAN / f"{name}.cfg" for name in ("templates", "timeperiods", "contacts", "commands")
]


def test_nagios_takes_every_shipped_file(tmp_path: Path) -> None:
    ours = [NAGIOS / f"{name}.cfg" for name in ("commands", "templates", "example-host")]
    said = Nagios(tmp_path, {}, objects=[*DEBIAN_OBJECTS, *ours]).verify()
    assert "Checked 9 services" in said, said


def test_icinga_takes_every_shipped_file(tmp_path: Path) -> None:
    names = ("gearmang-commands", "gearmang-services", "example-host")
    said = Icinga2(tmp_path, [ICINGA / f"{name}.conf" for name in names]).verify()
    assert "Instantiated 8 Services" in said, said


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """packaging/icinga2/generate.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("generate", ICINGA / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_icingas_commands_are_those_of_the_checks(generate: ModuleType) -> None:
    assert generate.CONF.read_text() == generate.conf(), "run packaging/icinga2/generate.py"
    assert generate.BASKET.read_text() == generate.basket_text(), "the same"


def test_every_argument_of_icingas_commands_is_described(generate: ModuleType) -> None:
    basket = json.loads(generate.BASKET.read_text())
    assert sorted(basket["Command"]) == sorted(f"gearmang_{check}" for check in (*CHECKS, "all"))
    for command in basket["Command"].values():
        for flag, argument in command["arguments"].items():
            assert argument["description"], flag
        for field in command["fields"]:
            assert str(field["datafield_id"]) in basket["Datafield"]


@pytest.mark.parametrize("name", ["nrpe.cfg", "example-host.cfg", "templates.cfg"])
def test_the_options_in_the_examples_exist(name: str) -> None:
    text = re.sub(r"(?m)^#.*", "", (NAGIOS / name).read_text())
    found = re.findall(r"(?:check_command +|plugins/)check_gearmang_(\w+)(?:!| )(.*)", text)
    assert found
    for check, options in found:
        load(check).options("x").read(shlex.split(options))


def test_the_file_of_services_can_be_read() -> None:
    assert len(services(str(NAGIOS / "checks.toml"))) == 3
