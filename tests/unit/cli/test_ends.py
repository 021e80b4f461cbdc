"""How the command ends when what it prints cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from tests.integration.dead_letters.letters import dead_job, dossier, put

PROGRAM = (sys.executable, "-c", "from gearmang.cli import main; main()")


@pytest.fixture
def store(tmp_path: Path) -> str:
    path = str(tmp_path / "letters.db")
    with Store(path) as opened:
        migrate(opened)
        put(opened, dead_job(last=dossier(message="größer")))
    return path


@pytest.mark.parametrize(
    "arguments", [("list",), ("causes",), ("stats", "--json"), ("export",), ("list", "--help")]
)
def test_a_full_disk_is_told_in_one_line(store: str, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [*PROGRAM, "dead", *arguments],
            env={**os.environ, "GEARMANG_STORE": store},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert "No space left on device" in ended.stderr


@pytest.mark.parametrize("arguments", [("list",), ("causes",)])
def test_a_terminal_without_the_characters_is_told_of_in_one_line(
    store: str, arguments: tuple[str, ...]
) -> None:
    ended = subprocess.run(
        [*PROGRAM, "dead", *arguments],
        env={**os.environ, "GEARMANG_STORE": store, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert "LC_ALL=C.UTF-8" in ended.stderr
