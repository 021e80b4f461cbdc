"""The collector with a real gearmand: stored, then completed; never lost, never twice."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from gearmang.dead_letters.arriving import inlet as link
from gearmang.dead_letters.looking.browse import count
from gearmang.dead_letters.looking.filters import Filter
from gearmang.dead_letters.store.seam import Store
from gearmang.errors import ServerLost
from gearmang.job.client import Client
from gearmang.job.envelope import Envelope
from gearmang.job.submission import Packed
from gearmang.protocol.server import Server
from gearmang.watch.worker_id import WorkerId
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import dead_job, dossier, many


def send(gearmand: Gearmand, *jobs: Envelope) -> None:
    """Queue deaths as workers do."""
    with Client([gearmand.address]) as client:
        for _ in client.queue(Packed("gearmang", job.pack(), job.death_id) for job in jobs):
            pass


@contextlib.contextmanager
def collecting(
    gearmang: Gearmang, gearmand: Gearmand, *options: str, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    process = gearmang.start("collect", "--server", gearmand.address, *options, log=log)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(10) == 0, log.read_text()


def is_drained(gearmand: Gearmand) -> bool:
    return gearmand.functions().get("gearmang", (1, 0, 0))[0] == 0


def stored(store: Store, state: str | None = "dead") -> int:
    with store.reading() as connection:
        return count(connection, Filter(state=state))


def test_what_arrives_is_stored_and_completed(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    jobs = [*many(1_200)]
    send(gearmand, *jobs[:700])
    with collecting(gearmang, gearmand, log=tmp_path / "log"):
        await_that(lambda: is_drained(gearmand), "the first are collected")
        send(gearmand, *jobs[700:])
        await_that(lambda: is_drained(gearmand), "the others are collected")
    assert stored(store) == 1_200


def test_a_store_without_tables_gets_them(
    empty_url: str, gearmand: Gearmand, tmp_path: Path
) -> None:
    send(gearmand, *many(3))
    with collecting(Gearmang(empty_url), gearmand, log=tmp_path / "log"):
        await_that(lambda: is_drained(gearmand), "they are collected")
    with Store(empty_url) as store:
        assert stored(store) == 3


def test_the_collector_says_who_it_is(
    gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    with collecting(gearmang, gearmand, log=tmp_path / "log") as process:
        await_that(lambda: gearmand.functions().get("gearmang"), "it is registered")
        ids = [
            line.split()[2] for line in gearmand.ask("workers").splitlines() if "gearmang" in line
        ]
        found = WorkerId.parse(ids[0])
    assert found is not None
    assert (found.name, found.pid) == ("gearmang", process.pid)


def test_it_ends_after_its_lifetime_with_exit_code_0(
    gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    process = gearmang.start("collect", "--server", gearmand.address, "--lifetime", "1s", log=log)
    assert process.wait(10) == 0, log.read_text()


def test_a_gearmand_that_comes_back_is_used_again(
    store: Store, gearmang: Gearmang, persistent_gearmand: Gearmand, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with collecting(gearmang, persistent_gearmand, log=log):
        send(persistent_gearmand, *many(5))
        await_that(lambda: stored(store) == 5, "the first are stored")
        persistent_gearmand.kill()
        await_that(lambda: "trying again" in log.read_text(), "the loss is noticed")
        persistent_gearmand.start()
        send(persistent_gearmand, *many(5))
        await_that(lambda: stored(store) == 10, "the others are stored")


def test_a_gearmand_is_not_given_up_while_it_waits_for_the_store(
    gearmand: Gearmand, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(gearmand, *many(1_200))
    connection = link.Inlet(Server.parse(gearmand.address), "gearmang@host:1+1", 1024 * 1024)
    while not connection.is_full:
        connection.grab()
        connection.read()
    connection.grab()  # its answers are left unread
    monkeypatch.setattr(link, "SILENCE", 0.01)
    time.sleep(0.02)
    connection.watch()
    assert gearmand.functions()["gearmang"][1] >= link.LARGEST_WINDOW
    connection.close()


def test_a_gearmand_that_freezes_is_given_up(
    gearmand: Gearmand, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = link.Inlet(Server.parse(gearmand.address), "gearmang@host:1+1", 1024 * 1024)
    gearmand.pause()
    connection.grab()
    monkeypatch.setattr(link, "SILENCE", 0.01)
    time.sleep(0.02)
    with pytest.raises(ServerLost, match="gave no answer"):
        connection.watch()
    gearmand.resume()
    connection.close()


def test_letters_of_10_mib_are_collected_and_listed(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    jobs = [dead_job(bytes([number]) * 10 * 1024 * 1024) for number in range(5)]
    send(gearmand, *jobs)
    with collecting(gearmang, gearmand, log=tmp_path / "log"):
        await_that(lambda: is_drained(gearmand), "they are collected")
    sizes = {letter["payload_bytes"] for letter in gearmang.json("list")}
    assert sizes == {10 * 1024 * 1024}
    assert "more bytes" in gearmang.dead("show", jobs[0].job_id)


def test_a_letter_that_is_too_large_is_stored_without_its_payload_and_says_so(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    large = dead_job(b"x" * 20 * 1024 * 1024)
    send(gearmand, large, *many(3))
    log = tmp_path / "log"
    with collecting(gearmang, gearmand, "--max-payload", "100k", log=log):
        await_that(lambda: is_drained(gearmand), "all are collected")
    assert log.read_text() == ""  # no reconnect
    assert stored(store) == 4
    told = gearmang.json("show", large.death_id)
    assert (told["error_type"], told["function"], told["payload_bytes"]) == (
        "TooLarge",
        "resize",
        0,
    )
    assert "20,97" in told["error_message"]
    assert gearmand.address in told["error_message"]
    assert len(told["history"]) == 4
    said = gearmang.at(gearmand.address).dead("requeue", large.death_id)
    assert "left 1 that name no function or have no payload" in said


def test_each_cause_is_told_once_to_the_command(
    gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\ncat >> {told}\necho >> {told}\n")
    script.chmod(0o755)
    send(gearmand, *many(30), *many(20, error="KeyError"))
    log = tmp_path / "log"
    with collecting(gearmang, gearmand, "--notify-command", str(script), log=log):
        await_that(lambda: is_drained(gearmand), "they are collected")
        send(gearmand, *many(10))
        await_that(lambda: is_drained(gearmand), "the later ones are collected")
    notices = [json.loads(line) for line in told.read_text().splitlines()]
    assert sorted(notice["error_type"] for notice in notices) == ["KeyError", "ValueError"]
    assert {notice["state"] for notice in notices} == {"new"}


def test_many_causes_at_once_are_no_storm(
    gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\ncat >> {told}\necho >> {told}\n")
    script.chmod(0o755)
    send(gearmand, *(dead_job(last=dossier(f"Error{number}")) for number in range(60)))
    log = tmp_path / "log"
    with collecting(gearmang, gearmand, "--notify-command", str(script), log=log):
        await_that(lambda: is_drained(gearmand), "they are collected")
    notices = [json.loads(line) for line in told.read_text().splitlines()]
    assert len(notices) == 21
    assert notices[-1]["others"] == 40


def test_a_webhook_gets_the_notice_as_json(
    gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    received: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    send(gearmand, *many(3))
    with collecting(gearmang, gearmand, "--webhook", url, log=tmp_path / "log"):
        await_that(lambda: received, "the webhook is called")
    server.shutdown()
    server.server_close()
    assert [(notice["function"], notice["arrived"]) for notice in received] == [("resize", 3)]


def test_it_prunes_to_the_archive_when_told_to(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    archive = tmp_path / "pruned.jsonl"
    send(gearmand, *many(30))
    with collecting(gearmang, gearmand, log=tmp_path / "log"):
        await_that(lambda: is_drained(gearmand), "they are collected")
    with collecting(
        gearmang, gearmand, "--max-dead", "10", "--archive", str(archive), log=tmp_path / "log"
    ):
        await_that(lambda: stored(store) == 10, "the oldest are pruned")
    assert len(archive.read_text().splitlines()) == 20


@pytest.mark.parametrize("options", [("--retention", "1d"), ("--webhook", "ftp://x")])
def test_options_that_cannot_work_are_refused(
    gearmang: Gearmang, options: tuple[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert gearmang.start("collect", *options, log=log).wait(10) in (1, 2)
    assert "Traceback" not in log.read_text()


def test_a_second_sigterm_ends_it_at_once(
    gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    process = gearmang.start("collect", "--server", gearmand.address, log=tmp_path / "log")
    await_that(lambda: gearmand.functions().get("gearmang"), "it is registered")
    gearmand.pause()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) in (0, 128 + signal.SIGTERM)
    gearmand.resume()
