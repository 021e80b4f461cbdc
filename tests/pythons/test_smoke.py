"""Under whichever Python runs it: each of the three uses, once, against a real gearmand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gearmang.protocol.server import Server
from gearmang.watch.poll import Snapshot, Target, poll
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.strict_collectd import Node, StrictCollectd

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

whole = pytest.mark.skipif(sys.version_info < (3, 10), reason="the command needs Python 3.10")


def check(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    plugin = ROOT / "packaging" / "nagios" / "plugins" / f"check_gearmang_{name}"
    return subprocess.run(
        [sys.executable, plugin, *arguments], capture_output=True, text=True, timeout=60
    )


def command(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from gearmang.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )


def test_a_poll_reads_a_gearmand(gearmand: Gearmand) -> None:
    (answer,) = poll([Target(Server("127.0.0.1", gearmand.port))], timeout=20)
    assert isinstance(answer, Snapshot)
    assert answer.pid == gearmand.pid


def test_collectd_gets_its_values(gearmand: Gearmand, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = StrictCollectd()
    monkeypatch.setitem(sys.modules, "collectd", daemon)
    from collectd_plugin.plugin import Plugin

    plugin = Plugin(daemon)
    plugin.register()
    daemon.start(Node("Server", gearmand.address))
    daemon.read()
    assert daemon.latest(gearmand.address.replace("/", "_"))["gauge-up"] == 1


@pytest.mark.parametrize("words", [("queues",), ("flow", "--state", "flow.json"), ("server", "-v")])
def test_checks_judge_a_gearmand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Gearmand(tmp_path, options=("--verbose", "NOTICE")) as gearmand:
        told = check(*words, "-H", gearmand.address, "--timeout", "30")
    assert (told.returncode, told.stderr) == (0, ""), told.stdout


def test_a_check_of_a_dead_server_is_critical(gearmand: Gearmand) -> None:
    gearmand.stop()
    told = check("server", "-H", gearmand.address)
    assert (told.returncode, told.stderr) == (2, "")


def test_a_file_of_checks_is_read(gearmand: Gearmand, tmp_path: Path) -> None:
    (tmp_path / "checks.toml").write_text(
        '[[service]]\nnagios_host = "gm"\ndescription = "a"\ncheck = "queues"\n'
        f'hostname = ["{gearmand.address}"]\n'
    )
    told = check("all", "--config", str(tmp_path / "checks.toml"), "--timeout", "30")
    assert (told.returncode, told.stderr) == (0, ""), told.stdout


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy has no orjson")
def test_a_task_leaves_its_record(tmp_path: Path) -> None:
    program = f"""
import log_shipping
log_shipping.configure(path={str(tmp_path)!r})
with log_shipping.record("resize") as record:
    record.set("image.bytes", 7)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=ROOT)
    (file,) = tmp_path.iterdir()
    told = json.loads(file.read_text())
    assert (told["type"], told["outcome"], told["fields"]) == (
        *("resize", "success"),
        {"image": {"bytes": 7}},
    )


@pytest.mark.skipif(sys.version_info >= (3, 10), reason="there it runs")
@pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy has no click")
def test_the_command_says_which_python_it_needs() -> None:
    told = command("status")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.count("\n") == 1
    assert "needs Python 3.10" in told.stderr


@whole
def test_a_job_fails_and_is_requeued(gearmand: Gearmand, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "import os, pathlib\n"
        "def resize(job):\n"
        "    if not pathlib.Path(os.environ['MENDED']).exists():\n"
        "        raise ValueError('no such picture')\n"
        "    return {'width': job.data['bytes']}\n"
    )
    store, server = str(tmp_path / "letters.db"), ("--server", gearmand.address)
    mended = tmp_path / "mended"
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}", "MENDED": str(mended)}
    main = [sys.executable, "-c", "from gearmang.cli import main; main()"]
    work = ("work", "shop:resize", "--function", "resize", "--attempts", "1", *server)
    children = [
        subprocess.Popen(
            [*main, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for arguments in (work, ("collect", *server, "--store", store))
    ]
    try:
        await_that(
            lambda: gearmand.functions().get("resize", (0, 0, 0))[2] > 0, "the worker is there", 60
        )
        assert command("submit", "resize", "--data", '{"bytes": 7}', *server).returncode == 0

        def letters() -> list[dict[str, object]]:
            told = command("dead", "list", "--store", store, "--json")
            return json.loads(told.stdout or "[]") if told.returncode == 0 else []

        await_that(letters, "the dead letter is stored", 60)
        (letter,) = letters()
        mended.touch()
        told = command("dead", "requeue", str(letter["id"]), "--yes", "--store", store, *server)
        assert told.returncode == 0, told.stderr
        await_that(
            lambda: gearmand.functions()["resize"][:2] == (0, 0), "the queue is empty again", 60
        )
        told = command("dead", "show", str(letter["id"]), "--store", store, "--json")
        assert json.loads(told.stdout)["state"] == "requeued"
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(40)


@whole
@pytest.mark.parametrize("words", [("status",), ("top", "--once"), ("functions", "--help")])
def test_commands_run(gearmand: Gearmand, words: tuple[str, ...]) -> None:
    told = command(*words, environment={"GEARMANG_SERVERS": gearmand.address})
    assert told.returncode == 0, told.stderr
