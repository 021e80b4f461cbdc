"""check_gearmang_all: one file, one look at each server, every service judged and submitted."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.daemons.gearmand import Gearmand
from tests.daemons.process import free_port
from tests.integration.nagios_checks.plugin import Run, check

SERVICES = """
[defaults]
nagios_host = "gearman1"
hostname = ["{address}"]

[[service]]
description = "Queue of resize"
check = "queues"
function = ["resize=5,10"]

[[service]]
description = "Queue of mail"
check = "queues"
function = ["mail"]
verbose = 1

[[service]]
description = "Workers"
check = "workers"
function = "resize"
no-perfdata = true

[[service]]
description = "Server"
nagios_host = "gearman2"
check = "server"
version = "1.0:"
"""


@pytest.fixture
def config(busy: Gearmand, tmp_path: Path) -> Path:
    path = tmp_path / "checks.toml"
    path.write_text(SERVICES.format(address=busy.address))
    return path


def test_alone_it_prints_the_worst_first_and_exits_with_it(config: Path, busy: Gearmand) -> None:
    run = check("all", "--config", config, "-v")
    assert run.state == "CRITICAL"
    assert run.line == (
        "GEARMANG_ALL CRITICAL - Queue of mail: mail has 3 waiting and no workers on "
        f"{busy.address}, and Queue of resize: resize has 12 waiting (limit 10) on {busy.address}"
    )
    assert len(run.long) == 4


def test_each_server_is_polled_once(tmp_path: Path) -> None:
    config = tmp_path / "checks.toml"
    with Gearmand(tmp_path, options=("--verbose", "INFO")) as gearmand:
        config.write_text(SERVICES.format(address=gearmand.address))

        def accepted() -> int:
            return gearmand.output().count("Accepted connection")

        before = accepted()
        check("all", "--config", config)
        assert accepted() == before + 1


def test_results_go_through_the_command_pipe(config: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "nagios.cmd"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    run = check("all", "--config", config, "--passive", pipe)
    lines = os.read(reader, 65536).decode().splitlines()
    os.close(reader)
    assert run.state == "OK", run
    assert run.line == "GEARMANG_ALL OK - 4 services, 2 not OK, submitted"
    assert [line.partition("] ")[2].split(";")[:4] for line in lines] == [
        ["PROCESS_SERVICE_CHECK_RESULT", "gearman1", "Queue of resize", "2"],
        ["PROCESS_SERVICE_CHECK_RESULT", "gearman1", "Queue of mail", "2"],
        ["PROCESS_SERVICE_CHECK_RESULT", "gearman1", "Workers", "0"],
        ["PROCESS_SERVICE_CHECK_RESULT", "gearman2", "Server", "0"],
    ]
    assert "\\nCRITICAL: mail has 3 waiting" in lines[1]


@pytest.mark.parametrize("there", ["nobody reads", "a regular file", "nothing"])
def test_a_pipe_without_nagios_is_unknown_and_named(
    config: Path, tmp_path: Path, there: str
) -> None:
    pipe = tmp_path / "nagios.cmd"
    if there == "nobody reads":
        os.mkfifo(pipe)
    elif there == "a regular file":
        pipe.write_text("")
    run = check("all", "--config", config, "--passive", pipe)
    assert run.state == "UNKNOWN"
    assert f"{pipe} did not take Queue of resize of gearman1, " in run.line
    assert "Nagios running?" in run.line or "No such file" in run.line
    assert not pipe.is_file() or pipe.read_text() == ""


def test_a_pipe_that_nobody_empties_is_unknown_in_time(config: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "nagios.cmd"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    run = check("all", "--config", config, "--passive", pipe, "-t", 1)
    os.close(reader)
    os.close(writer)
    assert run.state == "UNKNOWN"
    assert "Nagios did not read it in time" in run.line
    assert run.seconds < 2


class Nrdp(HTTPServer):
    """Answers as NRDP does, and keeps what it was sent."""

    def __init__(self, reply: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.forms: list[dict[str, list[str]]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Nrdp)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append(urllib.parse.parse_qs(body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.reply)

    def log_message(self, *_: object) -> None:
        """Nothing."""


TAKEN = b'{ "result" : {  "status" : "0", "message" : "OK", "output" : "4 checks processed." } }'
BAD_TOKEN = b"<result>\n  <status>-1</status>\n  <message>BAD TOKEN</message>\n</result>"


@pytest.fixture
def nrdp(request: pytest.FixtureRequest) -> Iterator[Nrdp]:
    with Nrdp(getattr(request, "param", TAKEN)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def submit(config: Path, tmp_path: Path, port: int, *options: object) -> Run:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    url = f"http://127.0.0.1:{port}/nrdp/"
    return check("all", "--config", config, "--nrdp", url, "--token-file", token, *options)


def test_results_go_through_nrdp(config: Path, tmp_path: Path, nrdp: Nrdp) -> None:
    run = submit(config, tmp_path, nrdp.server_port)
    assert run.state == "OK", run
    (form,) = nrdp.forms
    assert form["token"] == ["s3cret"]
    assert form["cmd"] == ["submitcheck"]
    results = json.loads(form["JSONDATA"][0])["checkresults"]
    assert [(result["servicename"], result["state"]) for result in results] == [
        ("Queue of resize", "2"),
        ("Queue of mail", "2"),
        ("Workers", "0"),
        ("Server", "0"),
    ]


@pytest.mark.parametrize(
    ("nrdp", "says"),
    [(BAD_TOKEN, "BAD TOKEN"), (b"<html>welcome</html>", "does not answer as NRDP does")],
    indirect=["nrdp"],
)
def test_results_that_nrdp_refuses_are_unknown(
    config: Path, tmp_path: Path, nrdp: Nrdp, says: str
) -> None:
    run = submit(config, tmp_path, nrdp.server_port)
    assert run.state == "UNKNOWN"
    assert "did not take 4 results, Queue of resize of gearman1 the first" in run.line
    assert says in run.line
    assert "s3cret" not in run.output


def test_an_nrdp_that_is_down_is_unknown(config: Path, tmp_path: Path) -> None:
    run = submit(config, tmp_path, free_port())
    assert run.state == "UNKNOWN"
    assert "Connection refused" in run.line


def test_a_frozen_server_keeps_no_result_from_being_submitted(
    config: Path, tmp_path: Path, nrdp: Nrdp, gearmand: Gearmand
) -> None:
    gearmand.pause()
    with config.open("a") as file:
        file.write(
            f'[[service]]\ndescription="Frozen"\ncheck="server"\nhostname=["{gearmand.address}"]\n'
        )
    begun = time.monotonic()
    run = submit(config, tmp_path, nrdp.server_port, "-t", 1)
    assert time.monotonic() - begun < 2
    assert run.state == "OK", run
    results = json.loads(nrdp.forms[0]["JSONDATA"][0])["checkresults"]
    assert [result["state"] for result in results] == ["2", "2", "0", "0", "2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read: No such file"),
        ("[[service", "is no TOML"),
        ("", "it holds no [[service]]"),
        ("service = 3", "it holds no [[service]]"),
        ("[other]", "unknown 'other'"),
        ('[[service]]\ncheck = "queues"', "service 1 '': it needs nagios_host"),
        ('[[service]]\nnagios_host="h"\ndescription="d"\ncheck="x"', "check is 'x'"),
        ('[[service]]\nnagios_host="h;x"\ndescription="d"\ncheck="queues"', "no semicolon"),
        ('[[service]]\nnagios_host="h"\ndescription="d"\ncheck="queues"\nspeed=1', "'speed'"),
        ('[[service]]\nnagios_host="h"\ndescription="d"\ncheck="queues"\nwarning="x"', "'x'"),
        ('[[service]]\nnagios_host="h"\ndescription="d"\ncheck="queues"\ntimeout=1', "timeout"),
        ('[[service]]\nnagios_host="h"\ndescription="d"\ncheck="queues"\nlimit=[1,2]', "one value"),
        ('[[service]]\nnagios_host="h"\ndescription="d"\ncheck="queues"\nverbose="x"', "number"),
        ('[[service]]\nnagios_host="h"\ndescription="d"\ncheck="queues"\n' * 2, "there are two"),
    ],
)
def test_a_bad_file_is_unknown_and_says_where(tmp_path: Path, text: str | None, says: str) -> None:
    config = tmp_path / "checks.toml"
    if text is not None:
        config.write_text(text)
    run = check("all", "--config", config)
    assert run.state == "UNKNOWN"
    assert run.line.startswith(f"GEARMANG_ALL UNKNOWN - {config}"), run
    assert says in run.line, run
    assert len(run.output.splitlines()) == 1
