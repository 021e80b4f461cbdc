"""The house: imports run one way, one word has one meaning, no module sprawls."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("collectd_plugin", "gearmang", "log_shipping", "nagios_checks")
LONGEST_MODULE = 300  # lines

# A room may import from those on its own line and below, never from those above.
FLOORS = (
    {"collectd_plugin", "nagios_checks", "gearmang.cli", "gearmang.web", "gearmang.testing"},
    {"gearmang.dead_letters", "gearmang.worker", "gearmang.records"},
    {"gearmang.watch", "gearmang.job"},
    {"gearmang.protocol"},
    {
        "gearmang.durations",
        "gearmang.errors",
        "gearmang.masking",
        "gearmang.state_file",
        "gearmang.terminal",
    },
)
# Inside one floor, rooms do not know each other, but for these.
BESIDE = {
    ("gearmang.cli", "gearmang.web"): "`gearmang serve` starts the page",
    ("gearmang.watch", "gearmang.job"): "a retry and a monitor read the same keys",
}
# What runs inside collectd and in Nagios checks needs nothing that must be installed.
FOREIGN = {
    "collectd_plugin": {"collectd"},
    "nagios_checks": {
        "nagiosplugin",
        "tomli",
        "tomllib",
        "orjson",
        "zstandard",
    },  # the last two if there
    "gearmang.watch": set(),
    "gearmang.durations": set(),
    "gearmang.errors": set(),
    "gearmang.state_file": set(),
    "gearmang.terminal": set(),
}


def modules() -> dict[str, Path]:
    """Dotted name → file of every module of the product."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    }


MODULES = modules()


def imported(name: str) -> set[str]:
    """The modules that a module imports anywhere, the product's by their full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{name} imports relatively"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
    return found


def room_of(name: str) -> str | None:
    """The room of `FLOORS` that a module is in; None for the package `gearmang` itself."""
    rooms = [room for floor in FLOORS for room in floor if f"{name}.".startswith(f"{room}.")]
    return rooms[0] if rooms else None


def floor_of(room: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if room in floor)


def test_every_module_is_in_a_room_of_the_house() -> None:
    strangers = [
        name
        for name in MODULES
        if room_of(name) is None and name != "gearmang" and not name.startswith("log_shipping")
    ]
    assert strangers == []


def test_imports_run_one_way() -> None:
    wrong = []
    for name in MODULES:
        here = room_of(name)
        if here is None:
            continue
        for other in imported(name):
            there = room_of(other)
            if there is None or there == here:
                continue
            if floor_of(there) < floor_of(here) or (
                floor_of(there) == floor_of(here)
                and floor_of(here) != len(FLOORS) - 1
                and (here, there) not in BESIDE
            ):
                wrong.append(f"{name} imports {other}")
    assert wrong == []


def test_log_shipping_imports_nothing_of_the_project() -> None:
    wrong = [
        f"{name} imports {other}"
        for name in MODULES
        if name.startswith("log_shipping")
        for other in imported(name)
        if other.split(".")[0] in {"gearmang", "nagios_checks", "collectd_plugin"}
    ]
    assert wrong == []


@pytest.mark.parametrize("room", sorted(FOREIGN))
def test_what_monitors_run_needs_the_standard_library_only(room: str) -> None:
    import sys

    known = sys.stdlib_module_names | set(ROOMS) | FOREIGN[room] | {"typing_extensions"}
    wrong = [
        f"{name} imports {other}"
        for name in MODULES
        if f"{name}.".startswith(f"{room}.")
        for other in imported(name)
        if other.split(".")[0] not in known
    ]
    assert wrong == []


def test_no_module_sprawls() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lengths.items() if count > LONGEST_MODULE} == {}


def test_rows_are_typed_where_the_sql_is() -> None:
    loose = [
        f"{name} imports Row"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
        if alias.name in ("Row", "RowMapping")
    ]
    assert loose == []


def test_every_deliberate_bug_still_finds_its_place_and_its_test() -> None:
    tomllib = pytest.importorskip("tomllib")  # Python 3.11 and later
    lost = []
    for path in sorted((ROOT / "tests" / "mutants").glob("*.toml")):
        for mutant in tomllib.loads(path.read_text())["mutant"]:
            if (ROOT / mutant["file"]).read_text().count(mutant["old"]) != 1:
                lost.append(f"{path.name}: {mutant['old']!r} stands not once in {mutant['file']}")
            test, _, node = mutant["test"].partition("::")
            if node.partition("[")[0].rpartition("::")[2] not in (ROOT / test).read_text():
                lost.append(f"{path.name}: {mutant['test']} is no test")
    assert lost == []


def test_no_class_name_has_two_meanings() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    # rq finds its worker class by this name: `rq worker -w log_shipping.integrations.rq.Worker`.
    homes["Worker"] = [home for home in homes["Worker"] if "integrations.rq" not in home]
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_no_module_says_nothing_by_its_name() -> None:
    nothing = {"utils", "util", "helpers", "common", "misc", "base"}
    assert [name for name in MODULES if name.rpartition(".")[2] in nothing] == []
