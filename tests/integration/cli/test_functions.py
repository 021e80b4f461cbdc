"""``gearmang functions drop`` against a real gearmand."""

import subprocess

from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.registrations import Registrations


def drop(gearmand: Gearmand, name: str, *more: str, answer: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [BIN / "gearmang", "functions", "drop", name, "--server", gearmand.address, *more],
        input=answer, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_function_without_jobs_and_workers_is_forgotten(gearmand: Gearmand) -> None:
    gearmand.ask("create function old")
    assert "old" in gearmand.functions()
    assert drop(gearmand, "old", "--yes")[0] == 0
    assert "old" not in gearmand.functions()


def test_it_asks_before_and_takes_no_for_an_answer(gearmand: Gearmand) -> None:
    gearmand.ask("create function old")
    code, said = drop(gearmand, "old", answer="n\n")
    assert code == 1
    assert "Forget the function old" in said
    assert "old" in gearmand.functions()
    assert drop(gearmand, "old", answer="y\n")[0] == 0
    assert "old" not in gearmand.functions()


def test_a_function_in_which_a_job_waits_is_kept(gearmand: Gearmand) -> None:
    with Registrations(gearmand) as made:
        made.submit(b"resize", 1)
        code, said = drop(gearmand, "resize", "--yes")
        assert code == 1
        assert "1 waiting" in said
        assert gearmand.functions()["resize"] == (1, 0, 0)


def test_a_function_with_a_worker_is_kept(gearmand: Gearmand) -> None:
    with Registrations(gearmand) as made:
        made.worker([b"resize"], b"-")
        assert drop(gearmand, "resize", "--yes")[0] == 1
        assert "resize" in gearmand.functions()


def test_a_function_that_no_server_knows_is_told(gearmand: Gearmand) -> None:
    code, said = drop(gearmand, "none", "--yes")
    assert (code, said.count("\n")) == (1, 1)
    assert "no server knows the function none" in said
