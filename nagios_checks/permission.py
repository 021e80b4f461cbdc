"""Why a file may not be read, with the mend: which user lacks which group."""

from __future__ import annotations

import os
from pathlib import Path


def refused(path: str) -> str | None:
    """One sentence on a path that this user may not read; None where permissions let it.

    Args:
        path: a file or a folder; the first part of it that is closed to this user is named.
    """
    closed = _closed(Path(os.path.abspath(path)))  # noqa: PTH100  # the path may not be looked at
    if closed is None:
        return None
    return f"{path} may not be read by user {_user()}: {_mend(closed)}"


def _closed(path: Path) -> Path | None:
    """The outermost folder that may not be entered, or the path itself; None where all is open."""
    for folder in reversed(path.parents):
        if os.path.lexists(folder) and not os.access(folder, os.X_OK):
            return folder
    wanted = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    return path if path.exists() and not os.access(path, wanted) else None


def _mend(closed: Path) -> str:
    import grp

    found = closed.stat()
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    kind = "folder" if closed.is_dir() else "file"
    for_group = 0o050 if kind == "folder" else 0o040
    if found.st_mode & for_group == for_group and found.st_gid != 0:
        return f"add it to the group {group} of the {kind} {closed} (usermod -aG {group} {_user()})"
    open_up = "rx" if kind == "folder" else "r"
    return f"open the {kind} {closed} to its group (chgrp GROUP, chmod g+{open_up})"


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
