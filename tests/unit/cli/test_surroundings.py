"""What `gearmang doctor` sees around Gearmang."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from gearmang.cli import surroundings
from gearmang.cli.surroundings import collectd_python, keepalive, monitors, records_kept


def test_records_that_everybody_may_read_are_bad(tmp_path: Path) -> None:
    record = tmp_path / "tasks.jsonl"
    record.write_text("{}\n")
    record.chmod(0o640)
    assert records_kept(tmp_path).verdict == "ok"
    record.chmod(0o644)
    assert records_kept(tmp_path).verdict == "bad"


def test_a_missing_folder_of_records_is_bad_and_says_what_to_set(tmp_path: Path) -> None:
    found = records_kept(tmp_path / "none")
    assert found.verdict == "bad"
    assert "GEARMANG_RECORDS" in found.answer


@pytest.mark.parametrize(("option", "verdict"), [("--keepalive", "ok"), ("--daemon", "bad")])
def test_a_gearmand_without_keepalive_is_bad(tmp_path: Path, option: str, verdict: str) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cmdline").write_bytes(b"/usr/sbin/gearmand\0" + option.encode() + b"\0")
    (tmp_path / "8").mkdir()
    (tmp_path / "8" / "cmdline").write_bytes(b"/bin/sh\0")
    (found,) = keepalive(tmp_path)
    assert found.verdict == verdict


def test_a_missing_library_of_collectd_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "python.so"
    plugin.touch()
    line = "\tlibpython3.11.so.1.0 => not found\n"
    monkeypatch.setattr(surroundings, "_told", lambda *_: line)
    found = collectd_python((plugin,))
    assert (found.verdict, "apt-get install libpython3.11" in found.answer) == ("bad", True)


def test_without_collectd_its_library_is_not_known(tmp_path: Path) -> None:
    assert collectd_python((tmp_path / "none",)).verdict == "unknown"


def test_a_monitor_outside_the_group_is_told_how_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    name = pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(surroundings, "GROUP", "nogroup")
    (found,) = monitors((name, "no-such-user"))
    assert found.verdict == "bad"
    assert f"usermod -a -G nogroup {name}" in found.answer
