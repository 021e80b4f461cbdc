"""Code run in a process of its own, which may be limited, stopped and killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import log_shipping

Run = Callable[[Callable[[], None]], int]


def in_child(function: Callable[[], None]) -> int:
    """Run the function in a forked child; its exit code, 0 when it returned."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where records go; nothing is configured in the test's own process."""
    log_shipping.configure()
    return tmp_path / "records"
