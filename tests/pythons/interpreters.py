"""Finds the Python interpreters of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

VERSIONS: Final = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
PYPY: Final = "pypy3"

_ASK = "import sys, sysconfig; print('%d.%d' % sys.version_info[:2])"


def find(name: str) -> str | None:
    """The path of an interpreter, by ``PATH`` or in pyenv's folder; None without one.

    Args:
        name: one of `VERSIONS`, or `PYPY`.
    """
    if name == PYPY:
        return shutil.which(name)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    wanted = [shutil.which(f"python{name}"), *sorted(pyenv.glob(f"{name}.*/bin/python"))]
    return next((str(path) for path in wanted if path and _is(str(path), name)), None)


def _is(path: str, name: str) -> bool:
    """A shim of pyenv stands in the PATH also for versions that it does not have."""
    told = subprocess.run([path, "-c", _ASK], capture_output=True, text=True, timeout=30)
    return told.returncode == 0 and told.stdout.strip() == name
