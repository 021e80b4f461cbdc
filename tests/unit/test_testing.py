"""What users test their functions with."""

from pathlib import Path

import pytest

from gearmang import Job, JobFailed, Reject, Retry
from gearmang.job.news import Part, Progress
from gearmang.testing import EagerClient, make_job, run


def work(job: Job) -> object:
    job.record.set("what", job.data)
    if job.data == "reject":
        raise Reject("no")
    if job.data == "retry":
        raise Retry("later", after=3)
    if job.data == "fail":
        raise KeyError("x")
    if job.data == "parts":
        job.progress(1, 2)
        job.send(b"half")
    (job.tmp / "file").touch()
    return {"tmp": str(job.tmp), "attempt": job.attempt}


@pytest.mark.parametrize(
    ("data", "outcome"),
    [("live", "done"), ("reject", "rejected"), ("retry", "retry"), ("fail", "failed")],
)
def test_a_run_says_what_a_worker_would_make_of_it(data: str, outcome: str) -> None:
    ran = run(work, data)

    assert ran.outcome == outcome
    assert ran.record == {"what": data}
    assert (ran.error is None) == (outcome == "done")


def test_a_run_has_the_result_as_a_caller_gets_it_and_leaves_no_folder() -> None:
    ran = run(work, "live", attempt=2)

    assert ran.result["attempt"] == 2
    assert not Path(ran.result["tmp"]).exists()


def test_what_a_job_tells_a_caller_is_kept() -> None:
    ran = run(work, "parts")

    assert (ran.progress, ran.parts) == ([(1, 2)], [b"half"])


def test_coroutines_run_too() -> None:
    async def double(job: Job) -> int:
        return int(job.data) * 2

    assert run(double, 21).result == 42


def test_a_payload_of_bytes_stays_as_it_is() -> None:
    assert make_job(b"\xff").raw == b"\xff"
    assert run(lambda job: job.raw, b"\xff").result == b"\xff"


def test_an_eager_client_runs_what_is_submitted() -> None:
    with EagerClient({"work": work}) as client:
        client.submit("work", "live", priority="high")
        assert client.submit_many([("work", "reject"), ("work", "live")]) == 2

    assert [ran.outcome for ran in client.ran] == ["done", "rejected", "done"]


def test_an_eager_client_gives_results_news_and_failures_as_the_real_one_does() -> None:
    client = EagerClient({"work": work})

    assert client.do("work", "live", timeout=3).data["attempt"] == 1
    call = client.call("work", "parts")
    assert list(call) == [Progress(1, 2), Part(b"half")]
    assert call.result().parts == (Part(b"half"),)
    with pytest.raises(JobFailed) as caught:
        client.do("work", "fail")
    assert caught.value.text == "KeyError: 'x'"
    with pytest.raises(JobFailed):
        list(client.call("work", "fail"))
