"""What a terminal of 80 columns shows, what a pipe gets, and what fails without a death."""

import json
import re
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

from gearmang.dead_letters.store.seam import Store
from tests.integration.dead_letters.command import PROGRAM, Gearmang
from tests.integration.dead_letters.letters import dead_job, dossier, many, put

LONG = "thumbnails/pictures/of/very/long/folders/thumbnails.py:resize_all_that_there_is_and_more"


def on_a_terminal(gearmang: Gearmang, *words: str) -> list[str]:
    """The lines that a terminal of 80 columns gets, without its colours."""
    command = f"stty cols 80; {PROGRAM} {' '.join(words)}"
    settings = {key: value for key, value in gearmang.settings.items() if key != "COLUMNS"}
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **settings},
        capture_output=True,
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode()).splitlines()


def test_causes_fit_80_columns_with_the_fingerprint_whole(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(3), dead_job(last=dossier("ShopIsClosedForTheNightError", frames=[LONG])))
    lines = on_a_terminal(gearmang, "dead", "causes")
    assert max(map(len, lines)) <= 80
    for cause in gearmang.json("causes"):
        assert any(line.startswith(cause["fingerprint"]) for line in lines)
    assert len(lines) == 1 + 2 * 2


def test_a_piped_list_is_not_padded_to_the_longest_message(
    store: Store, gearmang: Gearmang
) -> None:
    put(store, dead_job(last=dossier(message="x" * 400)), *many(3))
    lines = gearmang.dead("list").splitlines()
    assert max(map(len, lines)) > 400
    assert all(len(line) < 120 for line in lines if "xxx" not in line)


def test_what_fails_attempts_and_has_no_death_is_told_from_the_records(
    store: Store, gearmang: Gearmang, tmp_path: Path
) -> None:
    put(store, *many(1))
    (dead,) = gearmang.json("causes")
    at = datetime.fromtimestamp(time.time() - 60, timezone.utc).isoformat()
    told = [
        record(at, "resize", "ValueError", dead["fingerprint"]),
        record(at, "resize", "TimeoutError", "0123456789ab"),
        record(at, "resize", "TimeoutError", "0123456789ab"),
        record("2020-01-01T00:00:00+00:00", "mail", "OSError", "ba9876543210"),
    ]
    lines = "".join(f"{json.dumps(one)}\n" for one in told)
    (tmp_path / "tasks-2026112512.jsonl").write_text(lines)
    words = ("causes", "--failing", "--records", str(tmp_path))
    (cause,) = gearmang.json(*words)
    assert (cause["fingerprint"], cause["attempts"]) == ("0123456789ab", 2)
    assert "TimeoutError" in gearmang.dead(*words)
    assert "nothing fails" in gearmang.dead(*words, "--function", "mail")


def record(ts: str, task: str, error: str, fingerprint: str) -> dict[str, object]:
    """A failed attempt as our workers record it."""
    return {
        "ts": ts,
        "type": "task",
        "task": task,
        "outcome": "failure",
        "id": "1" * 32,
        "attempt": 1,
        "duration_ms": 5.0,
        "error_type": error,
        "error_message": "it failed",
        "fields": {"fingerprint": fingerprint},
        "event_id": f"{fingerprint}-{time.time_ns()}",
        "host": "host",
    }
