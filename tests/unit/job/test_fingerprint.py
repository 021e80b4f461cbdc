"""What makes two failures one, and what keeps them apart."""

from dataclasses import replace

import pytest

from gearmang.job.dossier import Dossier
from gearmang.job.fingerprint import fingerprint

FAILURE = Dossier(
    outcome="failure", error_type="ValueError", frames=("shop/a.py:resize", "shop/a.py:scale")
)
CRASH = Dossier(outcome="crashed", error_type="SIGSEGV", signal=11)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(FAILURE, host="web-2", pid=7, worker="resize@web-2:7+1"),
        replace(FAILURE, revision="v2"),
        replace(FAILURE, attempt=3, duration_seconds=9.0),
        replace(FAILURE, error_message="another number in the text"),
        replace(FAILURE, traceback='File "shop/a.py", line 99'),
    ],
)
def test_one_cause_has_one_fingerprint_wherever_it_strikes(elsewhere: Dossier) -> None:
    assert fingerprint("resize", elsewhere) == fingerprint("resize", FAILURE)


@pytest.mark.parametrize(
    "other",
    [
        replace(FAILURE, error_type="TypeError"),
        replace(FAILURE, frames=("shop/a.py:resize", "shop/b.py:scale")),
        replace(FAILURE, outcome="rejected"),
        CRASH,
    ],
)
def test_another_cause_has_another_fingerprint(other: Dossier) -> None:
    assert fingerprint("resize", other) != fingerprint("resize", FAILURE)


def test_another_function_has_another_fingerprint() -> None:
    assert fingerprint("mail", FAILURE) != fingerprint("resize", FAILURE)


def test_a_recursion_is_the_same_at_any_depth() -> None:
    deep = replace(FAILURE, frames=("a.py:f", *["a.py:walk"] * 50))
    deeper = replace(FAILURE, frames=("a.py:f", *["a.py:walk"] * 90))

    assert fingerprint("f", deep) == fingerprint("f", deeper)


def test_a_time_out_is_the_same_wherever_it_strikes_the_code() -> None:
    here = replace(FAILURE, outcome="timed_out", frames=("a.py:f", "a.py:g"))
    there = replace(FAILURE, outcome="timed_out", frames=("a.py:f", "a.py:h"))

    assert fingerprint("f", here) == fingerprint("f", there)


def test_a_crash_without_frames_is_told_by_its_signal() -> None:
    assert fingerprint("f", CRASH) != fingerprint("f", replace(CRASH, signal=6))
