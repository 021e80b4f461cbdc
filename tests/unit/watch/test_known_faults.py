"""Which gearmand has which fault."""

from __future__ import annotations

import pytest

from gearmang.watch.known_faults import known_faults


@pytest.mark.parametrize(
    ("version", "issues"),
    [
        ("1.1.12", [101, 386, 301, 197]),
        ("1.1.19.1+ds", [337, 101, 386, 301, 197]),
        ("1.1.20+ds", [101, 386, 301, 197]),
        ("2.0.0", [197]),
        ("2.1", []),
        ("unknown", []),
        ("7", []),
    ],
)
def test_a_version_has_the_faults_of_its_time(version: str, issues: list[int]) -> None:
    assert [fault.issue for fault in known_faults(version)] == issues
