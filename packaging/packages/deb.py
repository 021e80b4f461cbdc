"""Packs a tree as a .deb."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import textwrap
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
MAINTAINER = "The Gearmang authors <gearmang@users.noreply.github.com>"


class Control(NamedTuple):
    """What Debian must know of a package."""

    name: str
    version: str
    architecture: str
    depends: str
    summary: str
    story: str
    recommends: str = ""
    suggests: str = ""
    enhances: str = ""


def pack(control: Control, tree: Path, folder: Path, changes: str, licences: list[str]) -> Path:
    """Complete the tree by what policy wants, and pack it.

    Returns:
        The package, under its final name only when it is whole.
    """
    _document(control, tree, changes, licences)
    meta = tree / "DEBIAN"
    meta.mkdir()
    (meta / "control").write_text(_control(control, tree))
    files = [
        path for path in sorted(tree.rglob("*")) if path.is_file() and meta not in path.parents
    ]
    (meta / "md5sums").write_text(
        "".join(
            f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
            f"{path.relative_to(tree)}\n"
            for path in files
        )
    )
    kept = [
        f"/{path.relative_to(tree)}\n" for path in files if path.relative_to(tree).parts[0] == "etc"
    ]
    if kept:
        (meta / "conffiles").write_text("".join(kept))
    for script in ("preinst", "postinst", "prerm", "postrm"):
        source = HERE / "maintainer" / f"{control.name}.{script}"
        if source.exists():
            (meta / script).write_text(source.read_text())
            (meta / script).chmod(0o755)
    triggers = HERE / "maintainer" / f"{control.name}.triggers"
    if triggers.exists():
        (meta / "triggers").write_text(triggers.read_text())
    date_all(tree)
    unfinished = folder / f".{control.name}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z3", "--build", tree, unfinished],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return unfinished.rename(
        folder / f"{control.name}_{control.version}_{control.architecture}.deb"
    )


def date_all(tree: Path) -> None:
    """Set every file's time to that of the commit."""
    moment = int(os.environ["SOURCE_DATE_EPOCH"])
    for path in [tree, *tree.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
        os.utime(path, (moment, moment), follow_symlinks=False)


def _control(control: Control, tree: Path) -> str:
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file()) // 1024 + 1
    fields = {
        "Package": control.name,
        "Version": control.version,
        "Architecture": control.architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size),
        "Depends": control.depends,
        "Recommends": control.recommends,
        "Suggests": control.suggests,
        "Enhances": control.enhances,
        "Section": "net",
        "Priority": "optional",
        "Homepage": "https://gearman.org/",
        "Description": control.summary,
    }
    story = "".join(f" {line}\n" for line in textwrap.wrap(control.story, 76))
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value) + story


def _document(control: Control, tree: Path, changes: str, licences: list[str]) -> None:
    folder = tree / "usr/share/doc" / control.name
    folder.mkdir(parents=True, exist_ok=True)
    moment = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))
    log = (
        f"{control.name} ({control.version}) stable; urgency=medium\n\n{changes}\n"
        f" -- {MAINTAINER}  {time.strftime('%a, %d %b %Y %H:%M:%S +0000', moment)}\n"
    )
    (folder / "changelog.gz").write_bytes(gzip.compress(log.encode(), 9, mtime=0))
    copies = "".join(f"  {line}\n" for line in licences)
    holds = (
        "It holds copies of these packages, each with its licence beside it (the GNU Lesser\n"
        "General Public License is in /usr/share/common-licenses/LGPL-3 too):"
    )
    licence = (HERE.parents[1] / "LICENSE").read_text()
    told = f"\n{holds}\n{copies}" if copies else ""
    (folder / "copyright").write_text(f"Gearmang\n\n{licence}{told}")
    overrides = HERE / "lintian" / control.name
    if overrides.exists():
        place = tree / "usr/share/lintian/overrides" / control.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(overrides.read_text())


def changes_of(changelog: str, version: str) -> str:
    """The newest version's lines of CHANGELOG.md, as Debian writes them."""
    newest = re.split(r"^## ", changelog, flags=re.M)[1]
    points = re.findall(r"^- (.*(?:\n  .*)*)", newest, re.M)
    plain = [
        re.sub(r"[*`]|\s+", lambda found: " " if found[0].isspace() else "", point)
        for point in points
    ]
    lines = (
        textwrap.fill(point, 76, initial_indent="  * ", subsequent_indent="    ") for point in plain
    )
    return "\n".join(lines) + "\n" or f"  * {version}\n"
