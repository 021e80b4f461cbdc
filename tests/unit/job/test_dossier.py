"""What is known of a failed attempt, on its way through JSON."""

from typing import Any

import pytest

from gearmang.job.dossier import Dossier

WHOLE = Dossier(
    outcome="crashed",
    error_type="SIGSEGV",
    error_message="the executor was killed by SIGSEGV",
    frames=("a.py:f",),
    stderr="bad\n",
    signal=11,
    peak_rss_bytes=1 << 30,
    cpu_seconds=0.5,
    attempt=2,
)


def test_a_dossier_is_read_back_as_it_was_written() -> None:
    assert Dossier.from_dict(WHOLE.to_dict()) == WHOLE


def test_what_is_not_known_is_not_written() -> None:
    written = Dossier(outcome="failure", error_type="ValueError").to_dict()

    assert written == {"outcome": "failure", "error_type": "ValueError", "attempt": 1}


@pytest.mark.parametrize(
    "hostile",
    [
        {"signal": "11"},
        {"signal": True},
        {"frames": "a.py:f"},
        {"frames": [1]},
        {"cpu_seconds": []},
        {"error_type": 7},
        {"a field of a newer worker": 1},
    ],
)
def test_a_field_of_the_wrong_type_is_left_out(hostile: dict[str, Any]) -> None:
    assert Dossier.from_dict(hostile) == Dossier(outcome="failure", error_type="unknown")
