"""Whether code has changed, for `gearmang work --reload`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MOST_FILES: Final = 20_000
PASSED_BY: Final = frozenset({"__pycache__", "node_modules", "site-packages"})


def stamp_of(folder: Path | None = None) -> tuple[tuple[str, int], ...]:
    """The files of Python below a folder, and when each was changed; another one after any change.

    Looked at twice a second, which in development costs less than watching for it.

    Args:
        folder: None: the current one.
    """
    found = []
    for path in _below(str(folder or Path.cwd())):
        try:
            found.append((path, os.stat(path).st_mtime_ns))  # noqa: PTH116  # thousands of them
        except OSError:
            continue
        if len(found) == MOST_FILES:
            break
    return tuple(found)


def _below(folder: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name not in PASSED_BY and not name.startswith(".")
        )
        yield from (f"{here}/{name}" for name in sorted(files) if name.endswith(".py"))
