"""``gearmang report``."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gearmang.cli import gearmang
from gearmang.records.errors import RecordsError
from tests.unit.records.conftest import line


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """One attempt of just now, and one of long ago."""
    now = datetime.now(timezone.utc).isoformat()
    (tmp_path / "a.jsonl").write_text(
        json.dumps(line(ts=now)) + "\n" + json.dumps(line(ts="2020-01-01T00:00:00Z")) + "\n"
    )
    return tmp_path


def report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(gearmang, ["report", *map(str, arguments)])


def test_the_last_day_is_one_file(records: Path, tmp_path: Path) -> None:
    told = report("--records", records, "-o", tmp_path / "r.html")
    assert told.output.strip() == str(tmp_path / "r.html")
    assert "<b>1</b> attempt," in (tmp_path / "r.html").read_text()
    assert "dead letters" not in (tmp_path / "r.html").read_text()


def test_further_back_is_asked_for(records: Path, tmp_path: Path) -> None:
    report("--records", records, "--since", "2019-12-31", "-o", tmp_path / "r.html")
    assert "<b>2</b> attempts" in (tmp_path / "r.html").read_text()


def test_nothing_to_tell_is_an_error(records: Path, tmp_path: Path) -> None:
    told = report("--records", records, "--since", "0s", "-o", tmp_path / "r.html")
    assert isinstance(told.exception, RecordsError)
    assert not (tmp_path / "r.html").exists()
