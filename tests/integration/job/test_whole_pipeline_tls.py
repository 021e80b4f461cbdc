"""Every part of a pipeline over TLS, to a real gearmand behind stunnel; no part in plaintext."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.job.client import Client
from gearmang.protocol import Tls
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.process import Process, await_that
from tests.daemons.stunnel import Authority, Stunnel

OURS = "tests.integration.job.answering_ours:answer"
PATIENCE = 30.0  # seconds
LARGE = 5 * 1024 * 1024  # bytes: many records of TLS


class Secure:
    """A gearmand that is reached by TLS with a certificate only, and what its users are told."""

    def __init__(self, endpoint: Stunnel, variables: dict[str, str]) -> None:
        self.endpoint = endpoint
        self.address = f"127.0.0.1:{endpoint.port}"
        self.variables = variables

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / "gearmang", *words],
            env=os.environ | self.variables | {"GEARMANG_SERVERS": self.address} | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def daemon(self, log: Path, *words: str | Path) -> Process:
        environment = os.environ | self.variables | {"GEARMANG_SERVERS": self.address}
        return Process([BIN / "gearmang", *words], log, environment)


@pytest.fixture
def secure(tmp_path: Path, gearmand: Gearmand) -> Iterator[Secure]:
    ours = Authority(tmp_path / "ours")
    cert, key = ours.sign("worker")
    with Stunnel(tmp_path, gearmand, ours.sign("gm1.example"), clients=ours) as endpoint:
        yield Secure(
            endpoint,
            {
                "GEARMANG_CA": str(ours.ca),
                "GEARMANG_CERT": str(cert),
                "GEARMANG_KEY": str(key),
                "GEARMANG_SERVER_NAME": "gm1.example",
            },
        )


@pytest.fixture
def worker(secure: Secure, gearmand: Gearmand, tmp_path: Path) -> Iterator[Process]:
    words = ("work", OURS, "--function", "answer", "--processes", "2", "--attempts", "2")
    with secure.daemon(tmp_path / "worker.log", *words) as working:
        await_that(lambda: gearmand.functions().get("answer", (0, 0, 0))[2] == 2, "both are there")
        yield working


def client_of(secure: Secure) -> Client:
    told = secure.variables
    tls = Tls(told["GEARMANG_CA"], told["GEARMANG_CERT"], told["GEARMANG_KEY"], "gm1.example")
    return Client([secure.address], tls=tls)


def test_jobs_of_any_size_are_done_in_both_directions(secure: Secure, worker: Process) -> None:
    large = os.urandom(LARGE)
    with client_of(secure) as client:
        calls = [client.call("answer", b"good %d" % n, timeout=PATIENCE) for n in range(500)]
        assert client.do("answer", b"good " + large, timeout=PATIENCE).raw == large
        assert [call.result().raw for call in calls] == [b"%d" % n for n in range(500)]


def test_a_job_is_retried_dies_is_collected_requeued_and_seen(
    secure: Secure, worker: Process, gearmand: Gearmand, tmp_path: Path
) -> None:
    store = str(tmp_path / "dead.db")
    with secure.daemon(tmp_path / "collect.log", "collect", "--store", store):
        told = secure.run("submit", "answer", "--raw", "--data", "raise of no use", "--json")
        job_id = json.loads(told.stdout)["job_id"]

        def letters() -> list[dict[str, object]]:
            listed = secure.run("dead", "list", "--store", store, "--json").stdout
            return json.loads(listed or "[]")  # type: ignore[no-any-return]

        await_that(letters, "the letter is stored", PATIENCE)
    assert letters()[0]["job_id"] == job_id
    requeued = secure.run("dead", "requeue", job_id, "--store", store, "--yes")
    assert (requeued.returncode, requeued.stderr) == (0, "")
    await_that(lambda: gearmand.functions()["gearmang"][0] == 1, "it died once more", PATIENCE)

    seen = json.loads(secure.run("status", "--json").stdout)
    assert seen["servers"][0]["up"] is True
    top = secure.run("top", "--once", "--store", store)
    assert "1 of 1 servers" in top.stdout
    assert "lost" not in top.stdout


def test_submit_waits_for_its_result(secure: Secure, worker: Process) -> None:
    done = secure.run("submit", "answer", "--raw", "--data", "good news", "--wait")
    assert (done.returncode, done.stdout, done.stderr) == (0, "news", "")
    assert secure.run("submit", "answer", "--data", "1", "--unique", "u").returncode == 0


def test_a_worker_ends_in_peace_over_tls(
    secure: Secure, worker: Process, gearmand: Gearmand
) -> None:
    with client_of(secure) as client:
        call = client.call("answer", b"slow 1", timeout=PATIENCE)
        for news in call:
            assert news
            worker.send(signal.SIGTERM)  # it has begun; its last words are the result
            break
        assert call.result().raw == b"1"
    assert worker.wait(PATIENCE) == 0


def test_a_worker_comes_back_when_the_endpoint_does(
    secure: Secure, worker: Process, gearmand: Gearmand
) -> None:
    secure.endpoint.kill()
    await_that(lambda: gearmand.functions()["answer"][2] == 0, "the worker has lost it")
    secure.endpoint.start()
    with client_of(secure) as client:
        assert client.do("answer", b"good again", timeout=PATIENCE).raw == b"again"


@pytest.mark.parametrize(
    "words",
    [
        ("submit", "answer", "--data", "1"),
        ("submit", "answer", "--data", "1", "--wait"),
        ("status",),
    ],
    ids=["submit", "wait", "status"],
)
def test_plaintext_at_a_port_of_tls_is_a_hint(secure: Secure, words: tuple[str, ...]) -> None:
    nothing = dict.fromkeys(secure.variables, "")
    done = secure.run(*words, **nothing)
    assert done.returncode != 0
    assert "does it want TLS (--ca)?" in done.stderr + done.stdout


def test_a_worker_in_plaintext_at_a_port_of_tls_says_so(secure: Secure, tmp_path: Path) -> None:
    secure.variables = dict.fromkeys(secure.variables, "")
    words = ("work", OURS, "--function", "answer")
    with secure.daemon(tmp_path / "plain.log", *words) as working:
        await_that(lambda: "does it want TLS (--ca)?" in working.output(), "it says so")


def test_a_worker_refuses_a_server_that_it_does_not_trust(
    secure: Secure, gearmand: Gearmand, tmp_path: Path
) -> None:
    secure.variables |= {"GEARMANG_SERVER_NAME": "another.example"}
    words = ("work", OURS, "--function", "answer")
    with secure.daemon(tmp_path / "worker.log", *words) as working:
        await_that(lambda: "certificate that is not trusted" in working.output(), "it says so")
    assert "answer" not in gearmand.functions()


def test_a_key_without_a_certificate_is_a_wrong_option(secure: Secure) -> None:
    done = secure.run("status", GEARMANG_CERT="")
    assert done.returncode == 2
    assert "--key is of no use without --cert" in done.stderr
