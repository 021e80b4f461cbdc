"""What becomes of a job after each outcome of an attempt."""

import json
import time
from pathlib import Path

import pytest

from gearmang.job.client import Client
from gearmang.job.envelope import Envelope
from gearmang.job.fingerprint import fingerprint
from gearmang.job.submission import Packed
from gearmang.protocol import wire
from gearmang.records.database import opened
from gearmang.records.questions import failures
from gearmang.records.selection import Selection
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.worker.conftest import Caller, Letters, StartWorker

ACT = "tests.integration.worker.behaviours:act"


def test_a_rejected_job_is_a_dead_letter_after_its_first_attempt(
    client: Client, letters: Letters, start: StartWorker
) -> None:
    start(ACT, function="act")
    client.submit("act", b"reject it is no picture")

    letter = letters.next()

    assert [dossier.outcome for dossier in letter.history] == ["rejected"]
    assert letter.history[0].error_message == "it is no picture"


def test_a_job_that_asks_for_a_retry_comes_again_after_the_time_it_asked_for(
    client: Client, start: StartWorker, notes: Path
) -> None:
    start(ACT, function="act")
    client.submit("act", b"retry_and_note 2.5")

    await_that(lambda: len(notes.read_text().splitlines()) == 2, "the second attempt")

    began, again = map(float, notes.read_text().split())
    assert 2.5 <= again - began < 5.0


def test_a_job_in_an_envelope_is_not_started_before_its_time(
    client: Client, start: StartWorker, notes: Path
) -> None:
    start(ACT, function="act")
    due = time.time() + 2.0
    early = Envelope(payload=b"note due", job_id="ab" * 16, not_before=due).pack()
    assert len(list(client.queue([Packed("act", early, "a-key"), Packed("act", b"note now", "b")])))
    await_that(lambda: notes.read_text() == "now\ndue\n", "both have run")

    assert time.time() >= due


def test_a_retry_is_not_started_before_its_time(
    client: Client, start: StartWorker, notes: Path
) -> None:
    start(ACT, "--backoff", "1s", function="act")
    client.submit("act", b"fail_once")

    await_that(lambda: len(notes.read_text().splitlines()) == 2, "the second attempt")

    (first, began), (second, again) = (line.split() for line in notes.read_text().splitlines())
    assert (first, second) == ("1", "2")
    assert 1.0 <= float(again) - float(began) < 3.0


def test_a_scheduled_job_is_not_started_before_its_time(
    client: Client, start: StartWorker, notes: Path
) -> None:
    start(ACT, function="act")
    due = time.time() + 1.5
    client.submit("act", b"note due", at=due)
    client.submit("act", b"note at once")

    await_that(lambda: notes.read_text() == "at once\ndue\n", "both have run")

    assert time.time() >= due


@pytest.mark.parametrize("name", ["ValueError", "builtins.ValueError", "Exception"])
def test_an_exception_that_no_retry_names_makes_a_dead_letter_at_once(
    name: str, client: Client, letters: Letters, start: StartWorker
) -> None:
    start(ACT, "--no-retry", name, function="act")
    client.submit("act", b"value_error of no use")

    assert [dossier.error_type for dossier in letters.next().history] == ["ValueError"]


def test_an_exception_without_a_text_is_a_failure_like_any_other(
    client: Client, letters: Letters, start: StartWorker
) -> None:
    start(ACT, "--attempts", "1", function="act")
    client.submit("act", b"odd")

    dossier = letters.next().history[0]

    assert dossier.error_type == "OddError"
    assert dossier.error_message == "<its text raised ValueError>"


def test_reply_only_answers_the_caller_and_queues_nothing(
    caller: Caller, gearmand: Gearmand, start: StartWorker
) -> None:
    start(ACT, "--reply-only", function="act")

    heard = caller.call("act", b"value_error of no use")

    assert heard == [(wire.WORK_WARNING, b"ValueError: of no use"), (wire.WORK_FAIL, b"")]
    assert gearmand.functions()["act"][0] == 0
    assert "gearmang" not in gearmand.functions()


def test_reply_only_answers_a_caller_whose_job_crashed(caller: Caller, start: StartWorker) -> None:
    start(ACT, "--reply-only", function="act")

    heard = caller.call("act", b"crash")

    assert heard[0] == (wire.WORK_WARNING, b"SIGABRT: the executor was killed by SIGABRT")


def test_a_caller_who_waits_gets_progress_parts_and_result(
    caller: Caller, start: StartWorker
) -> None:
    start(ACT, function="act")

    heard = caller.call("act", b"parts")

    assert heard == [
        *((wire.WORK_STATUS, b"1\x003"), (wire.WORK_DATA, b"part 1")),
        *((wire.WORK_STATUS, b"2\x003"), (wire.WORK_DATA, b"part 2")),
        *((wire.WORK_STATUS, b"3\x003"), (wire.WORK_DATA, b"part 3")),
        (wire.WORK_COMPLETE, b"whole"),
    ]


def test_a_foreground_failure_is_told_at_once_and_retried_in_the_background(
    caller: Caller, start: StartWorker, notes: Path
) -> None:
    start(ACT, function="act")

    heard = caller.call("act", b"fail_once")

    assert heard == [(wire.WORK_WARNING, b"RuntimeError: once"), (wire.WORK_FAIL, b"")]
    await_that(lambda: len(notes.read_text().splitlines()) == 2, "the second attempt")


def test_the_job_tells_a_function_all_about_itself(caller: Caller, start: StartWorker) -> None:
    start(ACT, function="act")

    seen = json.loads(caller.call("act", b"describe")[-1][1])

    assert seen["data"] == "describe"
    assert (seen["function"], seen["attempt"], seen["history"]) == ("act", 1, [])
    assert len(seen["id"]) == 32
    assert seen["enqueued_at"] is None
    assert seen["handle"].startswith("H:")


def test_a_large_payload_and_a_large_result_pass_through(
    caller: Caller, start: StartWorker
) -> None:
    start(ACT, function="act")
    payload = b"cat " + b"x" * 20_000

    assert caller.call("act", payload) == [(wire.WORK_COMPLETE, b"x" * 20_000_000)]


def test_a_function_may_clean_up_when_its_time_is_over(caller: Caller, start: StartWorker) -> None:
    start(ACT, "--time-limit", "200ms", function="act")

    assert caller.call("act", b"clean_up") == [(wire.WORK_COMPLETE, b'"cleaned up"')]


def test_data_that_only_looks_like_an_envelope_is_a_dead_letter_at_once(
    caller: Caller, letters: Letters, start: StartWorker
) -> None:
    start(ACT, function="act")
    payload = b'GEARMANG/1 {"id": "nonsense"}\nx'

    caller.call("act", payload)

    letter = letters.next()
    assert letter.payload == payload
    assert [dossier.error_type for dossier in letter.history] == ["BadEnvelope"]


@pytest.mark.parametrize("fate", ["live", "fail", "die"])
def test_a_temporary_folder_is_removed_whatever_happens(
    fate: str, caller: Caller, start: StartWorker, notes: Path
) -> None:
    start(ACT, "--attempts", "1", function="act")

    caller.call("act", f"tmp {fate}".encode())

    assert notes.read_text()
    assert not Path(notes.read_text().strip()).exists()


def test_the_breaker_sends_the_sixth_of_a_series_of_like_crashes_to_the_dead_letters(
    client: Client, letters: Letters, start: StartWorker
) -> None:
    worker = start(ACT, "--attempts", "3", "--breaker", "5", function="act")
    client.submit_many(("act", b"crash") for _ in range(4))

    lives = sorted(len(letters.next().history) for _ in range(4))

    # Twelve attempts without a breaker: the fifth crash opens it, from there nothing is retried.
    assert sum(lives) < 12
    assert lives[0] == 1 or lives == [2, 2, 2, 2]
    assert "because the breaker is open for such failures" in worker.output()


def test_hooks_of_a_class_are_called_and_its_state_is_kept(
    caller: Caller, start: StartWorker, notes: Path
) -> None:
    worker = start("tests.integration.worker.deaths:Stateful", function="act")

    results = [json.loads(caller.call("act", text)[0][1]) for text in (b"a", b"b")]
    worker.stop()

    assert results == [{"calls": 1, "mine": True}, {"calls": 2, "mine": True}]
    assert notes.read_text() == "on_start\non_job a\non_job b\non_stop\n"


def test_a_plain_script_serves_as_code(caller: Caller, start: StartWorker, tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text("def double(job):\n    return job.data * 2\n")
    start(f"{script}:double", function="double")

    assert caller.call("double", b"21") == [(wire.WORK_COMPLETE, b"42")]


def test_every_attempt_leaves_one_record(
    client: Client, letters: Letters, start: StartWorker, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    start(ACT, "--attempts", "2", "--records", str(folder), function="act")
    crashing = client.submit("act", b"crash").job_id
    failing = client.submit("act", b"value_error x").job_id
    fine = client.submit("act", b"pid").job_id
    assert {letters.next().job_id, letters.next().job_id} == {crashing, failing}

    records = [
        json.loads(line) for path in folder.iterdir() for line in path.read_text().splitlines()
    ]

    told = sorted((r["id"], r["attempt"], r["outcome"], r.get("error_type")) for r in records)
    assert told == sorted(
        [
            (crashing, 1, "failure", "SIGABRT"),
            (crashing, 2, "failure", "SIGABRT"),
            (failing, 1, "failure", "ValueError"),
            (failing, 2, "failure", "ValueError"),
            (fine, 1, "success", None),
        ]
    )
    for record in records:
        assert record["task"] == "act"
        assert record["queue_ms"] >= 0
        assert record["workload_bytes"] > 0
        assert record["worker"].startswith("act@")


def test_the_time_limit_cancels_a_coroutine_which_may_clean_up(
    caller: Caller, start: StartWorker, tmp_path: Path
) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(
        "import asyncio\n"
        "async def waits(job):\n"
        "    try:\n"
        "        await asyncio.sleep(float(job.data))\n"
        "    except asyncio.CancelledError:\n"
        "        return b'cleaned up'\n"
        "    return b'slept'\n"
    )
    start(f"{script}:waits", "--time-limit", "500ms", function="waits")

    assert caller.call("waits", b"60") == [(wire.WORK_COMPLETE, b"cleaned up")]
    assert caller.call("waits", b"0") == [(wire.WORK_COMPLETE, b"slept")]


def test_threads_that_importing_starts_are_told_by_name(
    caller: Caller, start: StartWorker, tmp_path: Path
) -> None:
    script = tmp_path / "threaded.py"
    script.write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), name='heartbeat', daemon=True).start()\n"
        "def f(job): return b'x'\n"
    )
    worker = start(f"{script}:f", function="f")

    assert caller.call("f", b"") == [(wire.WORK_COMPLETE, b"x")]
    assert "threads that no executor will have: heartbeat" in worker.output()


@pytest.mark.parametrize("order", ["crash", "value_error x", "reject it is no picture"])
def test_a_failures_record_has_the_fingerprint_of_its_dead_letter(
    client: Client, letters: Letters, start: StartWorker, tmp_path: Path, order: str
) -> None:
    folder = tmp_path / "records"
    start(ACT, "--attempts", "1", "--records", str(folder), function="act")
    client.submit("act", order.encode())

    dossier = letters.next().history[-1]

    with opened([str(folder)]) as database:
        (cause,) = failures(database, Selection((str(folder),))).as_dicts()
    assert cause["fingerprint"] == fingerprint("act", dossier)
