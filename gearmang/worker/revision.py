"""Which version of the code runs here: for the dossiers of its failures."""

from __future__ import annotations

import os
import subprocess

GIT_TIMEOUT = 2.0  # seconds


def revision() -> str | None:
    """``$GEARMANG_REVISION``, else what git says of the current folder, else None."""
    given = os.environ.get("GEARMANG_REVISION")
    if given:
        return given[:200]
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            capture_output=True,
            timeout=GIT_TIMEOUT,
            check=True,
            text=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return told.stdout.strip() or None
