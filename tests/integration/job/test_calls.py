"""A caller of ours who waits: on workers of three makes, and on a gearmand that goes away."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gearmang.errors import JobFailed, NoAnswer, ServerLost
from gearmang.job.client import Client
from gearmang.job.news import Part, Progress, Warned
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, Worker
from tests.daemons.process import Process, await_that

HERE = Path(__file__).parent
PATIENCE = 30.0  # seconds
MAKES = ("ours", "pygearman", "PHP")
MANY = 2000


@pytest.fixture(params=MAKES)
def make(request: pytest.FixtureRequest, tmp_path: Path, gearmand: Gearmand) -> Iterator[str]:
    """A worker of one make for the function `answer`."""
    port = str(gearmand.port)
    ours = "tests.integration.job.answering_ours:answer"
    workers: dict[str, Process] = {
        "ours": Worker(tmp_path, gearmand, ours, "answer"),
        "pygearman": Process([sys.executable, HERE / "answering.py", port], tmp_path / "w"),
        "PHP": Process(["php", HERE / "answering.php", port], tmp_path / "w"),
    }
    worker = workers[request.param]
    with worker:
        await_that(lambda: gearmand.functions().get("answer", (0, 0, 0))[2] == 1, "it is there")
        yield request.param


@pytest.fixture
def client(gearmand: Gearmand) -> Iterator[Client]:
    with Client([gearmand.address]) as made:
        yield made


def test_the_result_comes_byte_for_byte(make: str, client: Client) -> None:
    returned = client.do("answer", b"good \0\xff{", timeout=PATIENCE)

    assert returned.raw == b"\0\xff{" if make != "PHP" else returned.raw.startswith(b"\0\xff")
    assert returned.data == returned.raw  # no JSON


@pytest.mark.parametrize("kind", ["raise", "warn_and_fail"])
def test_a_failure_says_why(make: str, kind: str, client: Client) -> None:
    with pytest.raises(JobFailed, match="of no use") as caught:
        client.do("answer", f"{kind} of no use".encode(), timeout=PATIENCE)

    assert "of no use" in caught.value.text
    assert client.do("answer", b"good again", timeout=PATIENCE).raw == b"again"


def test_progress_and_parts_come_in_their_order(make: str, client: Client) -> None:
    call = client.call("answer", b"parts", timeout=PATIENCE)
    heard = list(call)

    told = [news for news in heard if not isinstance(news, Warned)]
    assert told == [news for n in (1, 2, 3) for news in (Progress(n, 3), Part(b"part %d" % n))]
    if make != "ours":
        assert heard[-1] == Warned("nearly")
    assert call.result().raw == b"whole"


def test_many_are_waited_for_at_once_on_one_connection(
    make: str, client: Client, gearmand: Gearmand
) -> None:
    calls = [client.call("answer", b"good %d" % n, timeout=PATIENCE) for n in range(MANY)]
    own = [line for line in gearmand.ask("workers").splitlines() if line.endswith("- :")]

    results = [call.result().raw for call in reversed(calls)]

    assert results == [b"%d" % n for n in reversed(range(MANY))]
    assert len(own) == 2  # the client and the one that asks


def test_a_killed_gearmand_is_told_at_once_to_all_who_wait(
    client: Client, gearmand: Gearmand
) -> None:
    calls = [client.call("nobody_serves_it", n, timeout=PATIENCE) for n in range(3)]
    with pytest.raises(NoAnswer, match="has no result"):
        client.do("nobody_serves_it", 3, timeout=0.3)
    gearmand.kill()
    began = time.monotonic()

    for call in calls:
        with pytest.raises(ServerLost, match=r"the result of job H:.* is not known"):
            call.result()
    with pytest.raises(ServerLost, match="refused the connection"):
        client.do("nobody_serves_it", 4, timeout=PATIENCE)
    assert time.monotonic() - began < PATIENCE / 2


def test_a_frozen_gearmand_costs_the_timeout(client: Client, gearmand: Gearmand) -> None:
    gearmand.pause()
    began = time.monotonic()

    with pytest.raises(NoAnswer, match="is it frozen"):
        client.do("f", 1, timeout=0.5)

    assert time.monotonic() - began < 5


def test_a_client_whose_gearmand_was_restarted_goes_on(
    client: Client, gearmand: Gearmand, tmp_path: Path
) -> None:
    with pytest.raises(NoAnswer):
        client.do("f", 1, timeout=0.2)
    gearmand.kill()
    with Gearmand(tmp_path, port=gearmand.port), pytest.raises(NoAnswer, match="has no result"):
        client.do("f", 1, timeout=0.5)


def submit(gearmand: Gearmand, *words: str, data: str = "") -> subprocess.CompletedProcess[str]:
    command = [
        str(BIN / "gearmang"),
        "submit",
        "answer",
        "--server",
        gearmand.address,
        "--wait",
        *words,
    ]
    return subprocess.run(
        [*command, *words], input=data, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("make", ["ours"], indirect=True)
def test_submit_prints_the_result_and_fails_as_the_job_does(make: str, gearmand: Gearmand) -> None:
    done = submit(gearmand, "--raw", "--data", "parts")
    assert (done.returncode, done.stdout, done.stderr) == (0, "part 1part 2part 3whole", "")

    failed = submit(gearmand, "--raw", "--data", "raise of no use")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "failed: ValueError: of no use\n" in failed.stderr
    assert failed.stderr.count("\n") == 1

    document = json.loads(submit(gearmand, "--raw", "--data", "good 7", "--json").stdout)
    assert (document["outcome"], document["result"]) == ("done", 7)


@pytest.mark.parametrize("make", ["ours"], indirect=True)
def test_submit_waits_for_each_line_of_a_file(make: str, gearmand: Gearmand) -> None:
    done = submit(gearmand, "--raw", "--file", "-", data="good a\nraise b\n\ngood c\n")

    assert done.stdout == "a\nc\n"
    assert "line 2: " in done.stderr
    assert "ValueError: b" in done.stderr
    assert done.returncode == 1


def test_submit_says_by_its_exit_code_that_nothing_is_known(gearmand: Gearmand) -> None:
    done = submit(gearmand, "--data", "1", "--timeout", "300ms")
    assert done.returncode == 75
    assert "has no result of job H:" in done.stderr

    gearmand.kill()
    assert submit(gearmand, "--data", "1", "--json").returncode == 75
