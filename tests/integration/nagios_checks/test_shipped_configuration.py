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
    ours = [NAGIOS / f"gearmang-{name}.cfg" for name in ("commands", "templates", "example-host")]
    said = Nagios(tmp_path, {}, objects=[*DEBIAN_OBJECTS, *ours]).verify()
    assert "Checked 13 services" in said, said


def test_icinga_takes_every_shipped_file(tmp_path: Path) -> None:
    names = ("gearmang-commands", "gearmang-services", "gearmang-example-host")
    said = Icinga2(tmp_path, [ICINGA / f"{name}.conf" for name in names]).verify()
    assert "Instantiated 10 Services" in said, said


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


@pytest.mark.parametrize("name", ["nrpe", "example-host", "templates"])
def test_the_options_in_the_examples_exist(name: str) -> None:
    text = re.sub(r"(?m)^#.*", "", (NAGIOS / f"gearmang-{name}.cfg").read_text())
    found = re.findall(r"(?:check_command +|plugins/)check_gearmang_(\w+)(?:!| )(.*)", text)
    assert found
    for check, options in found:
        load(check).options("x").read(shlex.split(options))


def test_nagios_knows_every_service_that_the_shipped_file_submits() -> None:
    text = (NAGIOS / "gearmang-example-host.cfg").read_text()
    passive = {
        (found["host_name"], found["service_description"])
        for found in nagios_objects(text, "service")
        if found["use"] == "gearmang-passive"
    }
    submitted = {(one.host, one.description) for one in services(str(NAGIOS / "checks.toml"))}
    assert submitted == passive


def test_the_shipped_files_of_nagios_use_what_they_define() -> None:
    texts = [path.read_text() for path in NAGIOS.glob("gearmang-*.cfg")]
    known = {found["command_name"] for text in texts for found in nagios_objects(text, "command")}
    templates = {
        found["name"]
        for text in texts
        for kind in ("host", "service")
        for found in nagios_objects(text, kind)
        if "name" in found
    }
    for text in texts:
        for kind in ("host", "service"):
            for found in nagios_objects(text, kind):
                assert found["use"] in templates | {"generic-host", "generic-service"}, found
                if "check_command" in found:
                    assert found["check_command"].partition("!")[0] in known, found


def test_every_check_is_a_command_of_nagios_and_of_icinga_and_has_a_plugin() -> None:
    plugins = {path.name for path in (NAGIOS / "plugins").iterdir()}
    assert plugins == {f"check_gearmang_{check}" for check in (*CHECKS, "all")}
    commands = nagios_objects((NAGIOS / "gearmang-commands.cfg").read_text(), "command")
    assert {found["command_name"] for found in commands} == plugins
    served = (ICINGA / "gearmang-services.conf").read_text()
    for check in CHECKS:
        assert f'check_command = "gearmang_{check}"' in served, check


def test_nrpe_cuts_no_number_in_two() -> None:
    lines = (NAGIOS / "gearmang-nrpe.cfg").read_text().splitlines()
    assert all("--max-bytes 1000" in line for line in lines if line.startswith("command["))


def test_every_shipped_file_that_monitors_read_is_named_for_gearmang() -> None:
    names = [path.name for path in (*NAGIOS.glob("*.cfg"), *ICINGA.glob("*.conf"))]
    assert all(name.startswith("gearmang-") for name in names), names


def nagios_objects(text: str, kind: str) -> list[dict[str, str]]:
    """The definitions of one kind in a file of Nagios objects: directive → value."""
    blocks = re.findall(rf"(?ms)^define {kind} \{{\n(.*?)^\}}", text)
    return [
        dict(line.split(None, 1) for line in block.splitlines() if line.strip()) for block in blocks
    ]
