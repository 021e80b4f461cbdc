"""``make test-pythons``: counts, for each interpreter found, the tests that passed.

Each interpreter has an environment of its own under ``.pythons``, made from the lock file. Python
3.9 runs what is promised there: the checks, the plugin, the task records and what they stand on.
PyPy runs the same without the task records, whose orjson it cannot have.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.pythons.interpreters import PYPY, VERSIONS, find

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".pythons"
LOCK = ROOT / "requirements-dev.lock"
UV = Path(sys.executable).parent / "uv"

SMOKE = "tests/pythons/test_smoke.py"
MONITORS = (
    *("tests/unit/collectd_plugin", "tests/unit/nagios_checks", "tests/unit/protocol"),
    *("tests/unit/watch", "tests/unit/test_durations.py", "tests/unit/test_terminal.py"),
    SMOKE,
)
WITH_RECORDS = (*MONITORS, "tests/unit/log_shipping", "tests/unit/test_masking.py")
ALL = ("tests/unit", SMOKE)
# It measures by tracemalloc, which PyPy lacks.
NOT_ON_PYPY = ("--ignore", "tests/unit/protocol/test_exchange.py")
# PyPy has no wheels of the rest.
PURE = ("nagiosplugin", "tomli", "pytest", "pytest-timeout", "hypothesis", "pygearman")


class Counted(NamedTuple):
    """What pytest said at its end."""

    passed: int
    failed: int
    skipped: int

    @classmethod
    def of(cls, output: str) -> Counted:
        """Read pytest's last line; errors of collecting are failures."""
        last = output.strip().rpartition("\n")[2]
        found = {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", last)}
        broken = found.get("failed", 0) + found.get("error", 0) + found.get("errors", 0)
        return cls(found.get("passed", 0), broken, found.get("skipped", 0))


def environment(name: str, interpreter: str) -> Path:
    """Make the interpreter's environment, if the lock file is not the one it was made from."""
    folder = ENVIRONMENTS / name
    stamp = folder / "made.lock"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        _uv("venv", "-p", interpreter, folder)
        install = ("pip", "install", "-p", folder / "bin" / "python")
        if name == PYPY:
            _uv(*install, *PURE)
        else:
            _uv(*install, "-r", LOCK)
        _uv(*install, "--no-deps", "-e", ROOT)
        shutil.copy(LOCK, stamp)
    return folder / "bin" / "python"


def _uv(*arguments: str | Path) -> None:
    subprocess.run([UV, "-q", *arguments], check=True, cwd=ROOT)


def tests_of(name: str) -> tuple[str, ...]:
    """What runs under this interpreter."""
    return {PYPY: (*MONITORS, *NOT_ON_PYPY), "3.9": WITH_RECORDS}.get(name, ALL)


def run(name: str, interpreter: str) -> Counted:
    """Run its tests; what failed is printed."""
    command = ("-m", "pytest", "-p", "no:cacheprovider", "-rfE", "-o", "timeout=300")
    done = subprocess.run(
        [environment(name, interpreter), *command, *tests_of(name)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    told = Counted.of(done.stdout)
    if done.returncode:
        print(done.stdout[-8000:], done.stderr[-2000:], sep="\n")
        told = told._replace(failed=max(told.failed, 1))
    return told


def main() -> int:
    """Print the table; 1 when a test failed."""
    parser = argparse.ArgumentParser(prog="make test-pythons", description=__doc__)
    parser.add_argument("name", nargs="*", help="run these alone: 3.9 3.13 pypy3")
    chosen = parser.parse_args().name or [*VERSIONS, PYPY]
    failed = 0
    print("| Python | passed | failed | skipped | what runs |\n|---|---|---|---|---|")
    for name in chosen:
        interpreter = find(name)
        if interpreter is None:
            print(f"| {name} | not found | | | |", flush=True)
            continue
        told = run(name, interpreter)
        what = {PYPY: "checks, plugin", "3.9": "checks, plugin, task records"}.get(name, "all")
        print(
            f"| {name} | {told.passed} | {told.failed} | {told.skipped} | {what} |",
            flush=True,
        )
        failed += told.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
