"""A real Icinga 2 (Debian's icinga2-bin): checks configuration, or runs it in the foreground."""

import grp
import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.daemons.process import Process, await_that

PROGRAM = "/usr/sbin/icinga2"
PLUGINS = Path("/usr/lib/nagios/plugins")

_FOLDERS = ("DataDir", "LogDir", "InitRunDir", "CacheDir", "SpoolDir")

# Icinga without a database: each result becomes a line in a file, which is renamed each second.
_RUNNING = """
object CheckerComponent "checker" {{ }}
object PerfdataWriter "results" {{
  host_perfdata_path = "{folder}/hosts"
  host_temp_path = "{folder}/hosts.new"
  service_perfdata_path = "{folder}/results"
  service_temp_path = "{folder}/results.new"
  rotation_interval = 1s
  host_format_template = "$host.name$ $host.state$ $host.output$"
  service_format_template = "$host.name$ $service.name$ $service.state$ $service.output$"
}}
"""


class Icinga2(Process):
    """Icinga 2 with everything in one folder.

    Args:
        folder: where its own files go.
        files: configuration, in the order in which it is read.
        plugins: where the plugins lie.
    """

    def __init__(self, folder: Path, files: Sequence[Path], plugins: Path = PLUGINS) -> None:
        self.folder = folder / "icinga2"
        self.folder.mkdir()
        running = self.folder / "running.conf"
        running.write_text(_RUNNING.format(folder=self.folder))
        main = self.folder / "icinga2.conf"
        lines = ["include <itl>", "include <plugins>", f'const PluginDir = "{plugins}"']
        lines += [f'include "{file}"' for file in (*files, running)]
        main.write_text("\n".join([*lines, ""]))
        defines = []
        for name in _FOLDERS:
            (self.folder / name).mkdir()
            defines.append(f"-D{name}={self.folder / name}")
        user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        defines += [f"-DRunAsUser={user}", f"-DRunAsGroup={group}"]
        super().__init__([PROGRAM, "daemon", "-c", main, *defines], self.folder / "output.log")

    def verify(self) -> str:
        """What ``icinga2 daemon -C`` says of the files; fails unless it accepts them."""
        command = [*self.command, "-C"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"icinga2 daemon -C refuses:\n{done.stdout}{done.stderr}")
        return done.stdout

    def states(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(host, service) → the latest state and first line of output; of a host: service ''."""
        found = {}
        for file in sorted(self.folder.glob("hosts.[0-9]*")):
            for line in file.read_text(errors="replace").splitlines():
                host, state, output = line.split(" ", 2)
                found[host, ""] = (state, output)
        for file in sorted(self.folder.glob("results.[0-9]*")):
            for line in file.read_text(errors="replace").splitlines():
                words = line.split(" ", 3)
                if len(words) == 4:
                    found[words[0], words[1]] = (words[2], words[3])
        return found

    def await_state(
        self, host: str, service: str, state: str, timeout: float = 30.0
    ) -> tuple[str, str]:
        """Return once Icinga has the service in that state.

        Raises:
            TimeoutError: it did not come to it; the text says what it is instead.
        """

        def now() -> tuple[str, str]:
            return self.states().get((host, service), ("PENDING", ""))

        try:
            await_that(lambda: now()[0] == state, service, timeout)
        except TimeoutError:
            raise TimeoutError(f"{service} of {host} is not {state} but {now()}") from None
        return now()
