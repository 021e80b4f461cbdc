"""A fresh Debian under a real systemd, in a container without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tests.daemons.process import await_that

if TYPE_CHECKING:
    from typing_extensions import Self

ROOTS = Path(os.environ.get("GEARMANG_ROOTS", "/var/cache/gearmang-roots"))
MIRROR = "http://deb.debian.org/debian"
# What a user of the three uses installs beside the packages; fetched once, installed in the test.
NEEDED = (
    *(
        "python3",
        "gearman-job-server",
        "gearman-tools",
        "nagios4-core",
        "collectd",
        "collectd-core",
    ),
    *("collectd", "collectd-core", "libmnl0", "logrotate", "curl", "procps"),
)


def base(release: str) -> Path:
    """The folder of a minimal system with what is needed in apt's cache, made once."""
    root, made = ROOTS / release, ROOTS / f"{release}.made"
    if not made.exists():
        shutil.rmtree(root, ignore_errors=True)
        ROOTS.mkdir(parents=True, exist_ok=True)
        include = "--include=systemd-sysv,dbus,ca-certificates,python3"
        _run("debootstrap", "--variant=minbase", include, release, str(root), MIRROR)
        (root / "etc/apt/apt.conf.d/docker-clean").unlink(missing_ok=True)
        version = _run("chroot", str(root), "python3", "-c",
                       "import sys; print('%d.%d' % sys.version_info[:2])").strip()  # fmt: skip
        _run("chroot", str(root), "apt-get", "-qy", "--no-install-recommends", "--download-only",
             "install", *NEEDED, f"libpython{version}")  # fmt: skip
        made.touch()
    return root


class Machine:
    """A copy of a base system, booted.

    Args:
        release: Debian's name of it.
        folder: where its files and its log are; some 700 MB.
    """

    def __init__(self, release: str, folder: Path) -> None:
        self.root = folder / release
        _run("cp", "-a", "--reflink=auto", str(base(release)), str(self.root))
        # collectd looks its host's name up.
        (self.root / "etc/hostname").write_text("gm\n")
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 gm\n")
        self._log = folder / f"{release}.log"
        self._leader = 0

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._nspawn = subprocess.Popen(
                ["systemd-nspawn", "-q", "-b", "--private-network", "--register=no", "--keep-unit",
                 "--console=read-only", "-D", self.root],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        await_that(self._has_booted, "the container has booted", 120)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run("systemctl", "poweroff", "--no-block", check=False)
        try:
            self._nspawn.wait(90)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()

    def run(self, *command: str, check: bool = True, timeout: float = 300) -> str:
        """Run a command inside, and return what it printed.

        Raises:
            AssertionError: it failed, and was to be checked.
        """
        inside = ["nsenter", "-t", str(self._leader), "-a", *command]
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            inside,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            env={"PATH": path, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
        )
        if check:
            assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-6000:]}"
        return done.stdout

    def install(self, *packages: str | Path) -> str:
        """Install by apt, from its cache and from files, with what they depend on."""
        names = []
        for package in packages:
            if isinstance(package, Path):
                shutil.copy(package, self.root / "root" / package.name)
                names.append(f"/root/{package.name}")
            else:
                names.append(package)
        return self.run("apt-get", "-qy", "--no-install-recommends", "install", *names, timeout=900)

    def write(self, path: str, text: str) -> None:
        """Write a file inside."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def property(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", "-P", name, unit).strip()

    def _has_booted(self) -> bool:
        assert self._nspawn.poll() is None, self._log.read_text(errors="replace")[-4000:]
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        for child in children.read_text().split():
            self._leader = int(child)
            told = self.run("systemctl", "is-system-running", check=False).strip()
            return told in ("running", "degraded")
        return False


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, f"{command}: {done.stderr[-4000:]}{done.stdout[-2000:]}"
    return done.stdout
