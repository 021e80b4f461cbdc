"""Folders on small disks of their own, which can be filled up."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

SIZE = 64  # megabytes
CHUNK = 65536  # bytes


class Place:
    """A folder on a tmpfs; a plain one, that never fills, where this user may mount nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._ballast = folder / "ballast"
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)]
        self.is_disk = os.geteuid() == 0 and not subprocess.run(command, check=False).returncode

    def fill(self) -> None:
        """Leave not a byte of room; what is given free meanwhile is there for others."""
        if not self.is_disk:
            return
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(CHUNK))
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while ballast.write(bytes(1)):
                pass

    def clear(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    def remove(self, *, keep: bool) -> None:
        """Unmount it; what was in it is gone, or beside it."""
        if keep and self.is_disk:
            shutil.copytree(self.folder, self.folder.with_suffix(".kept"))
        if self.is_disk:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)
