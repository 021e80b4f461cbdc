"""The lines of PHP and of shell that docs/wire.md gives make keys that we read."""

import subprocess
import time
from pathlib import Path

import pytest

from gearmang.protocol.key import JobKey, mark_of

ROOT = Path(__file__).parents[3]
PHP = ROOT / "packaging" / "php" / "gearmang_key.php"
SHELL = ROOT / "packaging" / "php" / "gearmang-key.sh"


def by_php(function: str, not_before: str) -> list[str]:
    told = "$f = array_slice($argv, 1); echo gearmang_key($f[0], isset($f[1]) ? (int)$f[1] : null);"
    return ["php", "-r", f"require '{PHP}'; {told}", function, *([not_before] * bool(not_before))]


def by_shell(function: str, not_before: str) -> list[str]:
    return [str(SHELL), function, *([not_before] * bool(not_before))]


@pytest.mark.parametrize("made", [by_php, by_shell])
@pytest.mark.parametrize("not_before", ["", "1764060000"])
def test_a_key_made_elsewhere_is_read(made: object, not_before: str) -> None:
    words = made("café", not_before)  # type: ignore[operator]  # one of the two above
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=20).stdout

    key = JobKey.parse(told.strip())
    assert key is not None
    assert (key.mark, key.delivery, key.attempt) == (mark_of("café"), 1, 1)
    assert key.not_before == (int(not_before) if not_before else None)
    assert abs(key.enqueued_at - time.time()) < 60


def test_the_document_shows_the_function_that_is_shipped() -> None:
    shown = (ROOT / "docs" / "wire.md").read_text()

    assert PHP.read_text()[PHP.read_text().index("function ") :].strip() in shown
