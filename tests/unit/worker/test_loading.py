"""Finding the user's code, and saying in one sentence why it is not there."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gearmang.errors import CannotLoad
from gearmang.worker.loading import Target, load


class Counting:
    """A class that holds state."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


class Unwilling:
    """A class that cannot be made."""

    def __init__(self) -> None:
        raise OSError("no database")

    def __call__(self) -> None:
        """Never reached."""


def test_a_function_is_found_by_its_name() -> None:
    assert load("json:dumps")([1]) == "[1]"
    assert load("os:path.join")("a", "b") == "a/b"


def test_a_class_is_made_once_and_keeps_its_state() -> None:
    counting = load(Counting)

    assert [counting(), counting()] == [1, 2]


def test_a_script_is_run_and_finds_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_the_script.py").write_text("NUMBER = 42\n")
    script = tmp_path / "a_script_of_ours.py"
    script.write_text("import beside_the_script\ndef f(): return beside_the_script.NUMBER\n")

    assert load(f"{script}:f")() == 42


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("json", "'json' names no code; write module:function"),
        (":f", "':f' names no code; write module:function"),
        ("no_such_module:f", "there is no module no_such_module;"),
        ("json:no_such", "json has no no_such;"),
        ("math:pi", "math:pi is no function: it is a float"),
        ("/no/such.py:f", "there is no script /no/such.py"),
        (Unwilling, "raised OSError: no database"),
    ],
)
def test_what_cannot_be_loaded_is_told_in_one_sentence(target: str, sentence: str) -> None:
    with pytest.raises(CannotLoad) as caught:
        load(target)

    assert sentence in str(caught.value)


def test_a_script_that_breaks_is_told_with_its_error(tmp_path: Path) -> None:
    script = tmp_path / "breaks.py"
    script.write_text("1 / 0\n")

    with pytest.raises(CannotLoad, match="ZeroDivisionError: division by zero"):
        load(f"{script}:f")


def generator(_job: object) -> Iterator[int]:
    yield 1


async def async_generator(_job: object) -> AsyncIterator[int]:
    yield 1


class Yielding:
    """A class whose call is a generator."""

    def __call__(self, _job: object) -> Iterator[int]:
        yield 1


@pytest.mark.parametrize("code", [generator, async_generator, Yielding])
def test_a_generator_is_refused_with_a_sentence_for_nothing_of_it_would_run(code: Target) -> None:
    with pytest.raises(CannotLoad, match="is a generator: nothing of it would run"):
        load(code)
