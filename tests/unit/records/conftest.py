"""Files of records, made line by line."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

Write = Callable[..., Path]


def line(**fields: Any) -> dict[str, Any]:
    """A record of a task, of which the test says only what matters to it."""
    event_id = uuid.uuid4().hex
    return {
        "ts": "2026-11-24T10:00:00.000000Z",
        "level": "INFO",
        "type": "resize",
        "event_id": event_id,
        "id": event_id,
        "span": event_id[:16],
        "task": "resize",
        "outcome": "success",
        "duration_ms": 10.0,
        "host": "gm1",
        "pid": 1,
        "service": "gearmang",
        "v": 1,
        **fields,
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write records, or lines as they are, to a file of the folder; the folder."""
    folder = tmp_path / "records"

    def written(*lines: dict[str, Any] | bytes, name: str = "tasks-2026112410.jsonl") -> Path:
        folder.mkdir(exist_ok=True)
        data = b"".join(
            one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in lines
        )
        if name.endswith(".gz"):
            data = gzip.compress(data)
        elif name.endswith(".zst"):
            data = zstandard.compress(data)
        (folder / name).write_bytes(data)
        return folder

    return written
