"""``gearmang submit`` and the client, against a real gearmand."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from gearmang.errors import NotQueued
from gearmang.job.client import WINDOW, Client
from gearmang.job.envelope import Envelope
from gearmang.job.submission import Packed
from gearmang.protocol.key import JobKey
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN, gearmang, gearmang_json
from tests.daemons.process import await_that, free_port


def test_a_submitted_job_is_queued_with_its_id_and_time(gearmand: Gearmand) -> None:
    told = gearmang_json("submit", "f", "--data", '{"a": 1}', "--server", gearmand.address)

    assert len(told["job_id"]) == 32
    assert told["server"] == gearmand.address
    assert gearmand.functions()["f"][0] == 1


def test_each_line_of_a_file_is_a_job(gearmand: Gearmand, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    jobs.write_text("1\n2\n\n3\n")

    assert gearmang_json("submit", "f", "--file", jobs, "--server", gearmand.address) == {
        "accepted": 3
    }
    assert gearmand.functions()["f"][0] == 3


def test_lines_of_a_pipe_are_queued_as_they_come(gearmand: Gearmand) -> None:
    command = [str(BIN / "gearmang"), "submit", "f", "--file", "-", "--server", gearmand.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as submitting:
        assert submitting.stdin is not None
        submitting.stdin.write(b"1\n")
        submitting.stdin.flush()
        await_that(lambda: gearmand.functions().get("f", (0,))[0] == 1, "the first line is a job")

        told, _ = submitting.communicate(b"2\n3", timeout=20)

    assert submitting.returncode == 0
    assert told == b"3 jobs are queued\n"
    assert gearmand.functions()["f"][0] == 3


def test_a_delay_is_given_like_all_other_times(gearmand: Gearmand) -> None:
    before = time.time()
    gearmang("submit", "f", "--data", "1", "--delay", "1h", "--server", gearmand.address)

    key = JobKey.parse(gearmand.ask("show unique jobs").splitlines()[0])
    assert key is not None
    assert key.not_before is not None
    assert 3600 <= key.not_before - before < 3700


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--data", "{nope"], 1, "gearmang: the data is no JSON"),
        (["--data", "1", "--unique", "x" * 65], 1, "gearmang: the unique key"),
        (["--data", "123", "--max-payload", "2"], 1, "gearmang: the data of a job for 'f' is 3"),
        ([], 2, "give --data JSON or --file FILE"),
    ],
)
def test_what_cannot_be_submitted_is_told_in_one_line(
    arguments: list[str], code: int, sentence: str, gearmand: Gearmand
) -> None:
    done = subprocess.run(
        [BIN / "gearmang", "submit", "f", *arguments, "--server", gearmand.address],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_is_down_is_told_in_one_line() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        gearmang("submit", "f", "--data", "1", "--server", f"127.0.0.1:{free_port()}")

    assert caught.value.returncode == 1
    assert caught.value.stderr.count("\n") == 1
    assert "not known to be queued" in caught.value.stderr


def test_the_client_goes_to_the_next_server_when_one_is_down_or_frozen(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    with Gearmand(tmp_path) as frozen:
        frozen.pause()
        servers = [f"127.0.0.1:{free_port()}", frozen.address, gearmand.address]
        with Client(servers, timeout=1.5) as client:
            assert str(client.submit("f", 1).server) == gearmand.address


def test_a_frozen_server_makes_a_submission_fail_within_its_timeout(gearmand: Gearmand) -> None:
    gearmand.pause()
    began = time.monotonic()

    with (
        Client([gearmand.address], timeout=0.5) as client,
        pytest.raises(NotQueued, match="frozen"),
    ):
        client.submit("f", 1)

    assert time.monotonic() - began < 2


def test_a_refused_job_raises_and_tells_how_many_were_accepted(gearmand: Gearmand) -> None:
    with Client([gearmand.address]) as client:
        client.submit("f", 0)
        gearmand.ask("maxqueue f 5")

        with pytest.raises(NotQueued, match="maxqueue") as caught:
            client.submit_many(("f", number) for number in range(50))

        assert caught.value.accepted == 4
        assert client.submit("g", 1).server.port == gearmand.port  # the client is still of use


def test_a_second_job_with_the_same_unique_key_joins_the_first(gearmand: Gearmand) -> None:
    with Client([gearmand.address]) as client:
        first = client.submit("f", 1, unique="same")
        second = client.submit("f", 1, unique="same")

    assert first.handle == second.handle
    assert (first.joined, second.joined) == (False, True)
    assert gearmand.functions()["f"][0] == 1


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        (("f", 1, "key"), ("g", 1, "key"), False),
        (("f", 1, "-"), ("f", 1, "-"), True),
        (("f", 1, "-"), ("f", 2, "-"), False),
        (("f", 1, ""), ("f", 1, ""), False),
    ],
    ids=["a key of another function", "the same data", "other data", "no key at all"],
)
def test_only_what_gearmand_has_joined_is_said_to_be_joined(
    first: tuple[str, int, str],
    second: tuple[str, int, str],
    joined: bool,
    gearmand: Gearmand,
) -> None:
    with Client([gearmand.address]) as client:
        handles = [client.submit(f, data, unique=key) for f, data, key in (first, second)]

    assert handles[1].joined is joined
    assert (handles[0].handle == handles[1].handle) is joined


def test_the_command_says_that_a_job_was_there(gearmand: Gearmand) -> None:
    words = ("submit", "f", "--data", "1", "--unique", "key", "--server", gearmand.address)

    assert "joined" not in gearmang(*words)
    assert "joined: a job with this key was there" in gearmang(*words)
    assert gearmang_json(*words)["joined"] is True


def test_queue_confirms_each_job_in_order_however_many_there_are(gearmand: Gearmand) -> None:
    payload = Envelope(payload=b"x", job_id="0" * 32).pack()
    jobs = [Packed("f", payload, f"key-{number}", tag=number) for number in range(3 * WINDOW)]

    with Client([gearmand.address]) as client:
        tags = [queued.packed.tag for queued in client.queue(jobs)]

    assert tags == list(range(3 * WINDOW))
    assert gearmand.functions()["f"][0] == 3 * WINDOW


def test_importing_the_package_does_not_import_the_worker() -> None:
    code = "import gearmang, sys; print('gearman' in sys.modules, 'orjson' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False False\n"
