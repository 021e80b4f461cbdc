"""Whether code has changed, by the files of Python below a folder."""

from __future__ import annotations

import os
from pathlib import Path

from gearmang.worker.fleet.code import stamp_of


def test_the_stamp_is_another_one_after_any_change_of_code(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    module = tmp_path / "package" / "images.py"
    module.write_text("a = 1")
    stamps = [stamp_of(tmp_path)]
    os.utime(module, ns=(1, 1))
    stamps.append(stamp_of(tmp_path))
    (tmp_path / "new.py").write_text("")
    stamps.append(stamp_of(tmp_path))
    module.unlink()
    stamps.append(stamp_of(tmp_path))

    assert len(set(stamps)) == 4


def test_what_is_no_code_of_the_user_changes_nothing(tmp_path: Path) -> None:
    before = stamp_of(tmp_path)
    for name in ("notes.txt", ".venv/a.py", "__pycache__/b.py", "node_modules/c.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")

    assert stamp_of(tmp_path) == before
