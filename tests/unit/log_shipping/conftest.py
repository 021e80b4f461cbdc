"""A place for records, read back as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import log_shipping
from log_shipping.configuration import settings
from log_shipping.schema import json_schema

VALIDATOR = Draft202012Validator(json_schema())


class Written:
    """The records in a folder, each of them valid by the schema."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lines(self) -> list[bytes]:
        return [line for path in sorted(self.folder.glob("*.jsonl")) for line in path.open("rb")]

    def all(self) -> list[dict[str, Any]]:
        records = [json.loads(line) for line in self.lines()]
        for record in records:
            VALIDATOR.validate(record)
        return records

    def one(self) -> dict[str, Any]:
        (record,) = self.all()
        return record

    def by_type(self) -> dict[str, dict[str, Any]]:
        return {record["type"]: record for record in self.all()}


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No destination, and none in the environment; as before afterwards."""
    monkeypatch.delenv("GEARMANG_RECORDS", raising=False)
    before = settings.handler, settings.decided
    settings.handler, settings.decided = None, False
    yield
    log_shipping.configure(sigterm=False)
    settings.handler, settings.decided = before


@pytest.fixture
def written(tmp_path: Path, unconfigured: None) -> Written:
    """Records go to a folder, and can be read there."""
    log_shipping.configure(path=tmp_path / "records", sigterm=False)
    return Written(tmp_path / "records")
