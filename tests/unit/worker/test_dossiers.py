"""Dossiers from exceptions and stacks."""

import signal
from pathlib import Path

import pytest

from gearmang.worker.dossiers import (
    LONGEST_MESSAGE,
    LONGEST_TRACEBACK,
    frames_of_stack,
    import_roots,
    name_of_signal,
    of_exception,
)

ROOTS = (str(Path(__file__).parent) + "/",)


def _raise(error: BaseException) -> BaseException:
    try:
        raise error  # noqa: TRY301  # a frame of its own is what the tests look for
    except BaseException as caught:
        return caught


def test_an_exception_is_read_with_its_frames_relative_to_the_roots() -> None:
    failing = of_exception(_raise(KeyError("x")), ROOTS)

    assert (failing.error_type, failing.error_message) == ("KeyError", "'x'")
    assert failing.frames == ("test_dossiers.py:_raise",)
    assert failing.traceback.endswith("KeyError: 'x'\n")


def test_a_text_that_json_cannot_carry_is_written_readably() -> None:
    assert of_exception(_raise(ValueError("\udcff")), ROOTS).error_message == "\\udcff"


def test_long_texts_are_cut() -> None:
    failing = of_exception(_raise(ValueError("x" * 100_000)), ROOTS)

    assert len(failing.error_message) == LONGEST_MESSAGE
    assert len(failing.traceback) == LONGEST_TRACEBACK


def test_an_exception_that_breaks_when_it_is_read_is_told_all_the_same() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    failing = of_exception(_raise(Hostile()), ROOTS)

    assert failing.error_type == "Hostile"
    assert failing.error_message == "<its text raised RuntimeError>"


def test_a_deep_recursion_is_cut_to_its_innermost_frames() -> None:
    def down(depth: int) -> None:
        if not depth:
            raise ValueError("deep")
        down(depth - 1)

    try:
        down(500)
    except ValueError as error:
        failing = of_exception(error, ROOTS)

    assert len(failing.frames) == 40


STACK = f"""Fatal Python error: Segmentation fault

Thread 0x00007f0 (most recent call first):
  File "/elsewhere/other.py", line 3 in waits

Current thread 0x00007f1 (most recent call first):
  File "{ROOTS[0]}images.py", line 10 in decode
  File "{ROOTS[0]}images.py", line 20 in resize
  File "{Path(of_exception.__code__.co_filename).parent}/executor.py", line 9 in _perform
  File "/usr/lib/click/core.py", line 30 in main

Extension modules: orjson (total: 1)
"""


def test_the_stack_of_a_crash_gives_the_users_frames_of_the_current_thread() -> None:
    assert frames_of_stack(STACK, ROOTS) == ("images.py:resize", "images.py:decode")


def test_a_stack_that_is_none_gives_no_frames() -> None:
    assert frames_of_stack("", ROOTS) == ()
    assert frames_of_stack("nonsense\n\0", ROOTS) == ()


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGSEGV, "SIGSEGV"), (9, "SIGKILL"), (42, "signal 42")]
)
def test_signals_have_names(number: int, name: str) -> None:
    assert name_of_signal(number) == name


def test_the_longest_root_comes_first() -> None:
    lengths = [len(root) for root in import_roots()]

    assert lengths == sorted(lengths, reverse=True)
