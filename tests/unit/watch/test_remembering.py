"""What is remembered of servers from run to run."""

import fcntl
import json
import stat
import time
from pathlib import Path

import pytest

from gearmang.protocol import FunctionStatus
from gearmang.watch.evidence import Witness
from gearmang.watch.movement import Past, follow
from gearmang.watch.remembering import CannotRemember, remembered

STATE = follow(
    Past(90.0, {}, pid=7), 100.0, [FunctionStatus("f\udcff", 7, 2, 3)], idle={"f\udcff": 1}, pid=7
)._replace(witnesses={"f\udcff": Witness("19b", 7, 123)})


def soon() -> float:
    return time.monotonic() + 0.2


def test_what_one_run_learned_the_next_one_knows(tmp_path: Path) -> None:
    path = str(tmp_path / "state.json")
    with remembered(path, soon()) as pasts:
        assert pasts == {}
        pasts["gm1:4730"] = STATE
    with remembered(path, soon()) as pasts:
        assert pasts == {"gm1:4730": STATE}


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with remembered(str(path), soon()):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_written_when_a_run_fails(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with pytest.raises(ZeroDivisionError), remembered(str(path), soon()):
        raise ZeroDivisionError
    assert not path.exists()


def test_two_runs_at_once_wait_for_each_other_until_the_deadline(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with (tmp_path / "state.json.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            pytest.raises(CannotRemember, match="held by another run"),
            remembered(str(path), soon()),
        ):
            pass


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "nul", '{"form": 2}', '{"form": 2, "servers": {"a": 5}}',
     '{"form": 2, "servers": {"a": [1, {"f": [null, []]}, {}, null, null]}}', "[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_told_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with (
        pytest.raises(CannotRemember, match="remove it to begin anew"),
        remembered(str(path), soon()),
    ):
        pass
    assert path.read_text() == text


def test_a_file_of_another_form_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"form": 99, "servers": 7}))
    with remembered(str(path), soon()) as pasts:
        assert pasts == {}


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotRemember, match="cannot be made"),
        remembered(str(tmp_path / "none" / "state"), soon()),
    ):
        pass
