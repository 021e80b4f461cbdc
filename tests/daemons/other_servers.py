"""Servers that speak Gearman's protocol and are not this host's gearmand, unpacked and run.

Perl's Gearman::Server and Debian 13's gearmand come from Debian, geard from PyPI; what was unpacked
once stays in `.servers/`. Nothing is installed: their programs have the names of this host's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.daemons.gearmand import Gearmand
from tests.daemons.process import Process, await_that, free_port

FOLDER = Path(__file__).parents[2] / ".servers"
FETCH_TIMEOUT = 300.0  # seconds

_APT = """\
Dir::State::lists "{root}/lists";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Etc::sourcelist "{root}/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferencesparts "-";
APT::Sandbox::User "root";
Acquire::Languages "none";
"""
_SOURCE = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {site} {suite} main\n"


def unpacked(name: str, suite: str, package: str) -> Path:
    """The root of a Debian package and all that it needs, unpacked."""
    root = FOLDER / name
    if (root / "complete").exists():
        return root
    for folder in ("lists/partial", "cache/archives/partial"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "status").touch()
    (root / "sources.list").write_text(_SOURCE.format(site=_mirror(), suite=suite))
    (root / "apt.conf").write_text(_APT.format(root=root))
    environment = {**os.environ, "APT_CONFIG": str(root / "apt.conf")}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "--download-only"]
    for command in (["apt-get", "update", "-qq"], [*install, package]):
        subprocess.run(command, env=environment, check=True, timeout=FETCH_TIMEOUT)
    for file in sorted((root / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", file, root], check=True)
        file.unlink()
    (root / "complete").touch()
    return root


def _mirror() -> str:
    """The mirror that this host takes its Debian packages from."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)"],
        capture_output=True,
        check=True,
        text=True,
        timeout=FETCH_TIMEOUT,
    ).stdout
    return next(site for site in told.splitlines() if site.rstrip("/").endswith("/debian"))


class _OtherServer(Process):
    """Ready once it answers ``status``."""

    def __init__(
        self, port: int, command: Sequence[str | Path], log: Path, **variables: str
    ) -> None:
        self.port = port
        self.address = f"127.0.0.1:{port}"
        super().__init__(command, log, {**os.environ, **variables})

    def await_ready(self) -> None:
        await_that(self._answers, f"{self.command[0]} on {self.address} answers")

    def _answers(self) -> bool:
        self.require_running()
        try:
            return Gearmand.ask(self, "status").endswith(".\n")  # type: ignore[arg-type]  # a port
        except OSError:
            return False


class PerlServer(_OtherServer):
    """Perl's Gearman::Server 1.130 (Debian's gearman-server)."""

    def __init__(self, folder: Path) -> None:
        root, port = unpacked("perl", "bookworm", "gearman-server"), free_port()
        libraries = f"{root}/usr/share/perl5:{root}/usr/lib/x86_64-linux-gnu/perl5/5.36"
        program: list[str | Path] = [
            "perl",
            root / "usr/bin/gearmand",
            "--port",
            str(port),
            "--listen",
            "127.0.0.1",
        ]
        super().__init__(port, program, folder / "perl.log", PERL5LIB=libraries)


class Geard(_OtherServer):
    """OpenStack's geard (PyPI's gear)."""

    def __init__(self, folder: Path) -> None:
        root, port = FOLDER / "geard", free_port()
        if not (root / "bin/geard").exists():
            subprocess.run([sys.executable, "-m", "venv", root], check=True)
            subprocess.run([root / "bin/pip", "install", "-q", "gear==0.16.0"], check=True)
        program: list[str | Path] = [root / "bin/geard", "-d", "-p", str(port)]
        program += ["--listen-address", "127.0.0.1"]
        super().__init__(port, program, folder / "geard.log")


class NewerGearmand(Gearmand):
    """gearmand 1.1.21 (Debian 13), run with Debian 13's libraries."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        root = unpacked("trixie", "trixie", "gearman-job-server")
        libraries = ":".join(str(root / part) for part in _LIBRARIES)
        loader = root / "usr/lib64/ld-linux-x86-64.so.2"
        program = ["--library-path", libraries, str(root / "usr/sbin/gearmand")]
        self.command[:1] = [str(loader), *program]


_LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib")
