"""What is in each package, and where it goes."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from closure import needed

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
LIBRARY = "usr/lib/gearmang"  # our own code
PURE = f"{LIBRARY}/pure"  # copies of packages of the index that any Python 3 can run
COMPILED = f"{LIBRARY}/lib"  # copies of packages that fit one version of Python

# Pure Python, and needed by the checks and the task records.
PURE_NAMES = ("nagiosplugin", "python-json-logger")
ANALYTICS = ("duckdb", "fsspec", "pytz")
_PLATFORM = "x86_64-manylinux_2_28"

_PATHS = ("/usr/lib/gearmang", "/usr/lib/gearmang/pure", "/usr/lib/gearmang/lib")
COMMAND = f"""#!/usr/bin/python3
import sys

# Ours first; PYTHONPATH and the system's packages stay in reach of a worker's code, behind it.
sys.path[:1] = {[*_PATHS]!r}

from gearmang.cli import main

main()
"""
# A check starts without site-packages (-S), the user's environment (-E) and the folder at hand.
CHECK = f"#!/usr/bin/python3 -IS\nimport sys\n\nsys.path += {[*_PATHS]!r}\n"


@dataclass(frozen=True)
class Layout:
    """Where a family of distributions keeps things."""

    plugins: str = "usr/lib/nagios/plugins"
    collectd: str = "etc/collectd/collectd.conf.d"
    site: str = "usr/lib/python3/dist-packages"
    commands: str = "etc/nagios-plugins/config"


DEBIAN = Layout()
RHEL = Layout(
    plugins="usr/lib64/nagios/plugins",
    collectd="etc/collectd.d",
    site="usr/lib/python3.9/site-packages",
    commands="etc/nagios/conf.d",
)


def common(into: Path, layout: Layout, wheels: Path) -> None:
    """Code of the checks, of the plugin and of the task records."""
    for path in sorted(needed(ROOT)):
        _copy(path, into / LIBRARY / path.relative_to(ROOT))
    for name in PURE_NAMES:
        for source in _files_of(name, wheels):
            _copy(source, into / PURE / source.relative_to(wheels))
    (info,) = wheels.glob("gearmang-*.dist-info")
    for name in ("METADATA", "INSTALLER", "licenses/LICENSE"):
        if (info / name).exists():
            _copy(info / name, into / LIBRARY / info.name / name)
    # `import gearmang` and `import log_shipping` in any program of the system's Python.
    _write(into / layout.site / "gearmang.pth", "\n".join(_PATHS) + "\n")
    _copy(PACKAGING / "systemd" / "sysusers.conf", into / "usr/lib/sysusers.d/gearmang.conf")
    _copy(PACKAGING / "systemd" / "tmpfiles.conf", into / "usr/lib/tmpfiles.d/gearmang.conf")
    for sample in ("php", "rsyslog", "vector", "fluent-bit", "journald"):
        _copy_folder(PACKAGING / sample, _examples(into, "gearmang-common") / sample)


def collectd(into: Path, layout: Layout, wheels: Path) -> None:
    """The plugin's configuration: it polls the gearmand of this host until told otherwise."""
    _copy(PACKAGING / "collectd" / "gearmang.conf", into / layout.collectd / "gearmang.conf")
    _manual(into, "gearmang-collectd.5")


def checks(into: Path, layout: Layout, wheels: Path) -> None:
    """The checks, and their commands for Nagios."""
    for plugin in sorted((PACKAGING / "nagios" / "plugins").glob("check_gearmang_*")):
        body = plugin.read_text().partition("\n")[2]
        _write(into / layout.plugins / plugin.name, CHECK + body, 0o755)
    for page in sorted((PACKAGING / "man").glob("check_*.1")):
        _manual(into, page.name)
    name = "gearmang-commands.cfg"
    _copy(PACKAGING / "nagios" / name, into / layout.commands / "gearmang.cfg")
    examples = _examples(into, "nagios-plugins-gearmang")
    for sample in ("nagios", "icinga2"):
        _copy_folder(PACKAGING / sample, examples / sample, leave=("plugins", "generate.py", name))


def suite(into: Path, layout: Layout, wheels: Path) -> None:
    """The command with what it needs: workers, dead letters, the page, records read back."""
    lean = needed(ROOT)
    for path in sorted((ROOT / "gearmang").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path not in lean:
            _copy(path, into / LIBRARY / path.relative_to(ROOT))
    kept = {source for name in (*PURE_NAMES, *ANALYTICS) for source in _files_of(name, wheels)}
    ours = ("gearmang", "collectd_plugin", "log_shipping", "nagios_checks", "bin", "share")
    for source in sorted(wheels.rglob("*")):
        inside = source.relative_to(wheels)
        own = inside.parts[0] in ours or inside.parts[0].startswith("gearmang-")
        if source.is_file() and source not in kept and not own and inside.name != ".lock":
            _copy(source, into / COMPILED / inside)
    _write(into / "usr/bin/gearmang", COMMAND, 0o755)
    for unit in sorted((PACKAGING / "systemd").iterdir()):
        if unit.suffix in (".service", ".socket", ".timer"):
            _copy(unit, into / "lib/systemd/system" / unit.name)
    hardened = "gearmang-.service.d"
    _copy_folder(PACKAGING / "systemd" / hardened, into / "lib/systemd/system" / hardened)
    _copy(PACKAGING / "logrotate" / "gearmang-records", into / "etc/logrotate.d/gearmang")
    _copy(PACKAGING / "systemd" / "default", into / "etc/default/gearmang")
    for page in sorted((PACKAGING / "man").glob("gearmang*.1")):
        _manual(into, page.name)
    for sample in sorted(path for path in PACKAGING.iterdir() if path.is_dir()):
        if sample.name not in ("packages", "documents", "man", "completion"):
            _copy_folder(sample, into / "usr/share/gearmang" / sample.name, leave=("plugins",))
    shells = {"bash": "usr/share/bash-completion/completions/gearmang",
              "zsh": "usr/share/zsh/vendor-completions/_gearmang",
              "fish": "usr/share/fish/vendor_completions.d/gearmang.fish"}  # fmt: skip
    for shell, place in shells.items():
        source = PACKAGING / "completion" / f"gearmang.{shell}"
        if source.exists():
            _copy(source, into / place)
    documents = into / "usr/share/doc/gearmang"
    for name in ("README.md", *(path.name for path in ROOT.glob("[A-Z]*.md"))):
        if name not in ("CHANGELOG.md", "CONTRIBUTING.md", "INSTALL.md"):
            _copy(ROOT / name, documents / name)
    _copy_folder(ROOT / "docs", documents / "docs", leave=("images",))
    for sample in ("prometheus", "grafana", "systemd", "kubernetes"):
        if (PACKAGING / sample).is_dir():
            _copy_folder(PACKAGING / sample, _examples(into, "gearmang") / sample)


def analytics(into: Path, layout: Layout, wheels: Path) -> None:
    """DuckDB and what it needs."""
    for name in ANALYTICS:
        for source in _files_of(name, wheels):
            _copy(source, into / COMPILED / source.relative_to(wheels))


def install_wheels(into: Path, scratch: Path, python: str) -> None:
    """Install the locked packages and ours into a folder, as for that Python.

    Raises:
        subprocess.CalledProcessError: a package or its hash is not there.
    """
    uv = Path(sys.executable).parent / "uv"
    target = ["--target", into, "--python-version", python, "--python-platform", _PLATFORM]
    install = [uv, "pip", "install", "-q", *target, "--link-mode", "copy"]
    # It compiles against what it is built with: the wheels of the index are what fits anywhere.
    subprocess.run(
        [*install, "--only-binary", ":all:", "--no-binary", "pygearman", "--require-hashes", "-r",
         ROOT / "requirements.lock"],
        check=True,
    )  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", scratch / "wheel"],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (wheel,) = (scratch / "wheel").glob("*.whl")
    subprocess.run([*install, "--no-deps", wheel], check=True)


def copied_licences(tree: Path) -> list[str]:
    """One line for each copied package in a tree: name, version, licence."""
    found = []
    for metadata in sorted(tree.rglob("*.dist-info/METADATA")):
        text = metadata.read_text(encoding="utf-8")
        fields = dict(re.findall(r"^([\w-]+): (.*)$", text.partition("\n\n")[0], re.M))
        if fields["Name"] == "gearmang":
            continue
        classified = re.findall(r"^Classifier: License :: (?:OSI Approved :: )?(.*)$", text, re.M)
        licence = fields.get("License-Expression") or ", ".join(classified) or fields.get("License")
        found.append(f"{fields['Name']} {fields['Version']}: {licence or 'see its files'}")
    return found


def _files_of(name: str, wheels: Path) -> list[Path]:
    """The files of one installed package, by its own list."""
    wanted = _plain(name)
    for info in wheels.glob("*.dist-info"):
        if _plain(info.name.removesuffix(".dist-info").rpartition("-")[0]) == wanted:
            lines = (info / "RECORD").read_text().splitlines()
            inside = [wheels / line.split(",")[0] for line in lines]
            return [path for path in inside if path.is_file() and "bin" not in path.parts]
    raise LookupError(f"{name} is not among the locked packages")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _manual(into: Path, page: str) -> None:
    place = into / "usr/share/man" / f"man{page[-1]}" / f"{page}.gz"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress((PACKAGING / "man" / page).read_bytes(), 9, mtime=0))


def _examples(into: Path, package: str) -> Path:
    return into / "usr/share/doc" / package / "examples"


def _copy_folder(folder: Path, into: Path, leave: Iterable[str] = ()) -> None:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not set(inside.parts) & {*leave, "__pycache__"}:
            _copy(path, into / inside)


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)
    runs = place.suffix in (".sh", "") and source.read_bytes()[:2] == b"#!"
    place.chmod(0o755 if runs else 0o644)


def _write(place: Path, text: str, mode: int = 0o644) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(mode)
