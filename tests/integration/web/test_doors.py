"""The doors of a real `gearmang serve` that polls a real gearmand."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import await_that, free_port
from tests.daemons.registrations import Registrations
from tests.integration.dead_letters.letters import many, put
from tests.integration.web.serving import Serve


def test_figures_of_a_function_and_its_wanted_workers(tmp_path: Path) -> None:
    with (
        Gearmand(tmp_path) as gearmand,
        Registrations(gearmand) as there,
        Serve(tmp_path, "--server", gearmand.address) as serve,
    ):
        there.worker([b"resize"])
        line = f'gearmang_function_workers{{server="{gearmand.address}",function="resize"}} 1\n'
        await_that(lambda: line in serve.get("/metrics")[1], "the worker is in the figures")
        told = serve.document("/scale/resize?target=5")
    assert (told["waiting"], told["workers"], told["wanted"]) == (0, 1, 0)


def test_a_server_that_is_lost_is_down_and_the_page_goes_on(tmp_path: Path) -> None:
    with Gearmand(tmp_path) as gearmand, Serve(tmp_path, "--server", gearmand.address) as serve:
        assert serve.get("/readyz")[0] == 200
        gearmand.kill()
        down = f'gearmang_server_up{{server="{gearmand.address}"}} 0\n'
        await_that(lambda: down in serve.get("/metrics")[1], "the server counts as lost")
        status, text = serve.get("/readyz")
        assert status == 503
        assert gearmand.address in text
        assert serve.get("/scale/resize")[0] == 503
        assert serve.output().count(gearmand.address) == 1


def test_the_store_is_counted_and_its_loss_is_told(tmp_path: Path) -> None:
    path = tmp_path / "letters.db"
    with Gearmand(tmp_path) as gearmand, Store(str(path)) as store:
        migrate(store)
        put(store, *many(3))
        with Serve(tmp_path, "--server", gearmand.address, store=path) as serve:
            text = serve.get("/metrics")[1]
            assert 'gearmang_dead_letters{function="resize",state="dead"} 3\n' in text
            assert serve.get("/readyz")[0] == 200
            path.unlink()
            await_that(lambda: "gearmang_store_up 0" in serve.get("/metrics")[1], "it is lost")
            assert str(path) in serve.document("/readyz")["parts"]["store"]


def test_it_asks_only_servers_of_its_list(tmp_path: Path) -> None:
    with Gearmand(tmp_path) as gearmand, Gearmand(tmp_path) as other:
        options = ("--server", gearmand.address, "--probe", other.address)
        with Serve(tmp_path, *options) as serve:
            up = f'gearmang_server_up{{server="{other.address}"}} 1\n'
            assert up in serve.get(f"/probe?target={other.address}")[1]
            assert serve.get(f"/probe?target=127.0.0.1:{serve.port}")[0] == 403
            assert serve.get("/probe?target=//")[0] == 400


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    socket_path = tmp_path / "web.sock"
    with Serve(tmp_path, "--server", f"127.0.0.1:{free_port()}") as serve:
        serve.send(number)
        assert serve.wait() == 0
    command = [f"{BIN}/gearmang", "serve", "--listen", f"unix:{socket_path}", "--store", "none"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        await_that(socket_path.exists, "it listens on its socket")
        process.send_signal(number)
        process.wait(10)
    assert process.returncode == 0
    assert not socket_path.exists()


def test_it_does_not_open_to_others_without_asking_who_they_are(tmp_path: Path) -> None:
    done = subprocess.run(
        [BIN / "gearmang", "serve", "--listen", "0.0.0.0:8730"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "open to others" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_half_a_request_is_not_waited_for_by_others(tmp_path: Path) -> None:
    with (
        Serve(tmp_path, "--server", f"127.0.0.1:{free_port()}") as serve,
        socket.create_connection(("127.0.0.1", serve.port)) as slow,
    ):
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: local")
        assert serve.get("/healthz")[0] == 200
        slow.sendall(b"A" * 40_000)
        slow.settimeout(10)
        assert b" 400 " in slow.recv(100)
