"""``gearmang status`` and ``gearmang top`` as people start them, against real gearmands."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import await_that, free_port
from tests.daemons.registrations import Registrations
from tests.daemons.terminal import ENDED, Terminal
from tests.integration.dead_letters.letters import dead_job, put


@pytest.fixture
def busy(gearmand: Gearmand) -> Iterator[Gearmand]:
    """A gearmand with 30 functions, the last one with the longest queue, and 20 workers."""
    with Registrations(gearmand) as made:
        for number in range(30):
            made.submit(b"image.%02d" % number, number)
        for number in range(20):
            start = int(time.time()) - 100 * number
            made.worker([b"image.%02d" % number], b"image.%02d@host:1+%d" % (number, start))
        made.worker([b"evil \x1b[2J"], b"\x1b[31m")
        yield gearmand


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "gearmang", *arguments], capture_output=True, text=True, timeout=20, check=False
    )


def test_status_prints_functions_with_the_longest_queue_first(busy: Gearmand) -> None:
    done = run("status", "--server", busy.address)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert lines[0] == ["function", "waiting", "running", "workers", "oldest", "waited", "ran"]
    assert lines[1] == ["image.29", "29", "0", "0", "-", "-", "-"]
    assert "\x1b" not in done.stdout


def test_status_prints_one_json_document(busy: Gearmand) -> None:
    document = json.loads(run("status", "--server", busy.address, "--json").stdout)
    assert document["functions"][0] == {
        "function": "image.29",
        "waiting": 29,
        "running": 0,
        "workers": 0,
        "registrations": 0,
        "oldest_worker_seconds": None,
        "waited_seconds": None,
        "waited_share": 0.0,
        "waited_at_most_seconds": None,
        "ran_seconds": None,
        "servers": {busy.address: {"waiting": 29, "running": 0, "registrations": 0}},
    }
    (server,) = document["servers"]
    assert (server["up"], server["pid"], server["workers"]) == (True, busy.pid, 21)


def test_status_prints_what_answered_and_exits_1_for_what_did_not(busy: Gearmand) -> None:
    dead = f"127.0.0.1:{free_port()}"
    done = run("status", "--server", dead, "--server", busy.address)
    assert done.returncode == 1
    assert done.stderr == f"gearmang: {dead} refused the connection; is gearmand running there?\n"
    assert "image.29" in done.stdout
    document = json.loads(run("status", "--server", dead, "--json").stdout)
    assert document["servers"][0]["up"] is False
    assert document["functions"] == []


def test_status_does_not_wait_longer_than_the_timeout(busy: Gearmand) -> None:
    busy.pause()
    begun = time.monotonic()
    done = run("status", "--server", busy.address, "--timeout", "0.3")
    assert time.monotonic() - begun < 3
    assert done.returncode == 1
    assert "gave no complete answer in time" in done.stderr


def test_top_once_prints_everything_into_a_pipe(busy: Gearmand, tmp_path: Path) -> None:
    done = run("top", "--once", "--server", busy.address, "--store", tmp_path / "no.db")
    assert done.returncode == 0
    assert done.stdout.startswith("1 of 1 servers · 435 waiting · 0 running · 21 workers · 31 f")
    assert "image.00@host" in done.stdout
    assert "dead letters are not known" in done.stdout


def test_top_in_a_terminal_sorts_filters_shows_a_lost_server_and_quits(
    busy: Gearmand, tmp_path: Path
) -> None:
    options = ("--server", busy.address, "--interval", "0.2", "--store", tmp_path / "no.db")
    with Terminal(tmp_path, [BIN / "gearmang", "top", *options]) as terminal:
        lines = terminal.await_text("image.29").splitlines()
        assert len(lines) == 24
        assert lines[23].startswith("q quit")
        assert "image.19@host:1+" in terminal.screen()
        terminal.press("/", "0", "7", "Enter")
        terminal.await_text("filter: 07")
        assert "image.29" not in terminal.screen()
        terminal.press("Escape")
        terminal.await_text("image.29")
        terminal.press("a")
        await_that(
            lambda: terminal.screen().splitlines()[3].startswith("image.19 "),
            "the function with the oldest worker comes first",
        )
        busy.kill()
        terminal.await_text(f"lost: {busy.address} refused the connection")
        busy.start()
        terminal.await_text("1 of 1 servers · 0 waiting")
        terminal.press("q")
        terminal.await_text(f"{ENDED}0")


def test_top_on_a_large_screen_shows_the_newest_cause_and_rates(
    busy: Gearmand, tmp_path: Path
) -> None:
    path = tmp_path / "letters.db"
    with Store(str(path)) as store:
        migrate(store)
        put(store, dead_job())
    options = ("--server", busy.address, "--interval", "0.2", "--store", path)
    with Terminal(tmp_path, [BIN / "gearmang", "top", *options], size=(120, 50)) as terminal:
        shown = terminal.await_text("newest causes").splitlines()
        assert "1 dead letters" in shown[0]
        assert "a minute" in terminal.screen()
        assert len([line for line in shown if "Error" in line]) == 1


def test_top_gives_the_terminal_back_on_ctrl_c(busy: Gearmand, tmp_path: Path) -> None:
    options = ("--server", busy.address, "--store", tmp_path / "no.db")
    with Terminal(tmp_path, [BIN / "gearmang", "top", *options]) as terminal:
        terminal.await_text("q quit")
        terminal.press("C-c")
        assert "q quit" not in terminal.await_text(ENDED)


@pytest.mark.parametrize("command", ["status", "top"])
def test_help_has_an_example_and_bad_options_exit_2(command: str) -> None:
    assert f"Example: gearmang {command} " in run(command, "--help").stdout
    assert run(command, "--server", "gm1:notaport").returncode == 2
    assert run(command, "--no-such-option").returncode == 2


def test_status_tells_how_long_the_oldest_job_waited(gearmand: Gearmand) -> None:
    done = run("submit", "resize", "--data", "{}", "--server", gearmand.address)
    assert done.returncode == 0, done.stderr
    document = json.loads(run("status", "--server", gearmand.address, "--json").stdout)
    assert 0 <= document["functions"][0]["waited_seconds"] < 20


def test_status_shows_waiting_jobs_by_priority(busy: Gearmand) -> None:
    lines = run("status", "--server", busy.address, "--priorities").stdout.splitlines()
    assert lines[0].split()[-3:] == ["high", "normal", "low"]
    assert lines[1].split()[-3:] == ["0", "29", "0"]


def test_status_watches_until_it_is_stopped(busy: Gearmand) -> None:
    command = [str(BIN / "gearmang"), "status", "--server", busy.address, "--watch", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        heads = 0
        moves = ""
        for line in watching.stdout:
            heads += line.startswith("function")
            moves = line.split()[-1] if line.startswith("image.29") else moves
            if heads == 3:
                break
        watching.send_signal(signal.SIGINT)
        watching.stdout.read()
        assert watching.wait(10) in (0, 1)
    assert moves == "unserved"
