"""Packs a tree as an .rpm for RHEL 9 and its like."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deb import Control, date_all

HERE = Path(__file__).parent


def pack(control: Control, requires: str, tree: Path, folder: Path, scratch: Path) -> Path:
    """Write a spec around the tree, and let rpmbuild pack it.

    Returns:
        The package.
    """
    date_all(tree)
    files = [path.relative_to(tree) for path in sorted(tree.rglob("*")) if path.is_file()]
    listed = "".join(
        f'{"%config(noreplace) " if file.parts[0] == "etc" else ""}"/{file}"\n' for file in files
    )
    scripts = "".join(
        f"%{section}\n{source.read_text().partition(chr(10))[2]}\n"
        for section in ("post", "postun")
        if (source := HERE / "maintainer" / f"{control.name}.rpm.{section}").exists()
    )
    spec = scratch / f"{control.name}.spec"
    spec.write_text(
        f"Name: {control.name}\nVersion: {control.version}\nRelease: 1\n"
        f"Summary: {control.summary}\n"
        f"License: MIT\nBuildArch: noarch\nRequires: {requires}\nAutoReqProv: no\n"
        "%global __os_install_post %{nil}\n%global _build_id_links none\n"
        f"%description\n{control.story}\n%install\nmkdir -p %{{buildroot}}\n"
        f"cp -a {tree}/. %{{buildroot}}/\n%files\n{listed}{scripts}"
    )
    subprocess.run(
        ["rpmbuild", "--quiet", "-bb", "--define", f"_topdir {scratch / 'rpm'}",
         "--define", "use_source_date_epoch_as_buildtime 1",
         "--define", "clamp_mtime_to_source_date_epoch 1",
         "--define", "_buildhost localhost", spec],
        check=True,
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": os.environ["SOURCE_DATE_EPOCH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    (made,) = (scratch / "rpm" / "RPMS" / "noarch").glob(f"{control.name}-{control.version}-*.rpm")
    place = folder / made.name
    place.write_bytes(made.read_bytes())
    return place
