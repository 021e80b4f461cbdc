"""Writes what is told by the code: manual pages, completions, and the Reference of the site.

make reference
"""

from __future__ import annotations

import re
from pathlib import Path

import manual
from click.shell_completion import BashComplete, FishComplete, ZshComplete
from told import ROOT, Told, checks, commands

from gearmang.cli import gearmang

MAN = ROOT / "packaging" / "man"
COMPLETION = ROOT / "packaging" / "completion"
REFERENCE = ROOT / "docs" / "reference"
SHELLS = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}
NOTE = "<!-- Written by `make reference` from the code. -->\n\n"


def main() -> None:
    """Write all files; those of commands that are gone are removed."""
    version = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)[0]
    told, judged = list(commands()), list(checks())
    for folder, pattern in ((MAN, "*.1"), (COMPLETION, "gearmang.*"), (REFERENCE, "*.md")):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(pattern):
            old.unlink()
    names = [one.name.replace(" ", "-") for one in told]
    for one in (*told, *judged):
        page = MAN / f"{one.name.replace(' ', '-')}.1"
        page.write_text(manual.page(one, version, names[1:] if one.name == "gearmang" else []))
    for shell, kind in SHELLS.items():
        script = kind(gearmang, {}, "gearmang", "_GEARMANG_COMPLETE").source()
        (COMPLETION / f"gearmang.{shell}").write_text(script.strip() + "\n")
    _listed(REFERENCE / "commands.md", "Commands", told)
    _listed(REFERENCE / "check-commands.md", "Checks: every option", judged)


def _listed(place: Path, title: str, told: list[Told]) -> None:
    parts = [f"{NOTE}# {title}\n"]
    for one in told:
        text = "\n".join(line.rstrip() for line in one.help.strip().splitlines())
        parts.append(f"## {one.name}\n\n{one.summary}\n\n```text\n{text}\n```\n")
    place.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
