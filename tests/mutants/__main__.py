"""Deliberate bugs, each of which some test must notice: ``make mutants`` prints the survivors.

Each ``*.toml`` beside this file holds tables ``[[mutant]]``: ``file``, ``old`` (text that stands
there once), ``new`` (the bug) and ``test`` (the pytest node that must fail under it). The bugs are
made in a copy of the tree, one after the other; the tree itself is not touched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import tomllib

ROOT = Path(__file__).parents[2]
LONGEST_RUN = 300.0  # seconds that one test may take under a bug; a hang is noticed, too


class Mutant(NamedTuple):
    """One bug: where it is made, and the test that must fail under it."""

    file: str
    old: str
    new: str
    test: str

    def __str__(self) -> str:
        return f"{self.file}: {' '.join(self.old.split())[:60]!r} (by {self.test})"


def listed(pattern: str) -> list[Mutant]:
    """The mutants of all files whose place or test holds the pattern."""
    found = [
        Mutant(**table)
        for path in sorted(Path(__file__).parent.glob("*.toml"))
        for table in tomllib.loads(path.read_text())["mutant"]
    ]
    return [mutant for mutant in found if pattern in f"{mutant.file} {mutant.test}"]


def copied(into: Path) -> None:
    """The tree as git knows it, uncommitted changes included, with the same environment."""
    told = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, told.split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
    (into / ".venv").symlink_to(ROOT / ".venv")


def survives(mutant: Mutant, tree: Path) -> str | None:
    """Why the bug was not noticed; None when it was."""
    place = tree / mutant.file
    whole = place.read_text()
    if whole.count(mutant.old) != 1:
        return f"its text stands there {whole.count(mutant.old)} times, not once"
    place.write_text(whole.replace(mutant.old, mutant.new))
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", mutant.test],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=LONGEST_RUN,
        )
    except subprocess.TimeoutExpired:
        return None
    finally:
        place.write_text(whole)
    if ended.returncode == 1:  # 4 and 5: there is no such test
        return None
    return "the test passed" if ended.returncode == 0 else f"pytest ended with {ended.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="only those whose place holds this")
    mutants = listed(parser.parse_args().pattern)
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="gearmang-mutants-") as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        workers = os.cpu_count() or 1
        for number in range(workers):
            copied(Path(folder) / str(number))
            trees.put(Path(folder) / str(number))

        def tried(mutant: Mutant) -> str | None:
            tree = trees.get()
            try:
                return survives(mutant, tree)
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(workers) as pool:
            for mutant, why in zip(mutants, pool.map(tried, mutants), strict=True):
                if why is not None:
                    survivors += 1
                    print(f"SURVIVED {mutant}: {why}", flush=True)
    print(f"{len(mutants)} deliberate bugs, {survivors} survivors")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
