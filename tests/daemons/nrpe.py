"""A real NRPE (Debian's nagios-nrpe-server) and its client."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.daemons.process import Process, await_that, free_port

PROGRAM = "/usr/sbin/nrpe"
CLIENT = "/usr/lib/nagios/plugins/check_nrpe"


class Nrpe(Process):
    """NRPE in the foreground on a free port of 127.0.0.1.

    Args:
        folder: where its configuration and log go.
        commands: name → the words of the command.
    """

    def __init__(self, folder: Path, commands: Mapping[str, Sequence[object]]) -> None:
        self.port = free_port()
        configuration = folder / "nrpe.cfg"
        lines = [
            f"server_port={self.port}",
            "server_address=127.0.0.1",
            "allowed_hosts=127.0.0.1",
            f"pid_file={folder}/nrpe.pid",
            f"log_file={folder}/nrpe.log",
            "nrpe_user=nagios",  # it refuses to be root
            "nrpe_group=nagios",
            *(f"command[{name}]={' '.join(map(str, words))}" for name, words in commands.items()),
        ]
        configuration.write_text("\n".join([*lines, ""]))
        super().__init__([PROGRAM, "-n", "-f", "-c", configuration], folder / "nrpe.output")

    def await_ready(self) -> None:
        await_that(lambda: self.ask("none").startswith("NRPE:"), "NRPE answers")

    def ask(self, command: str) -> str:
        """What a monitor gets of a command, in packets of version 2."""
        self.require_running()
        words = [CLIENT, "-n", "-2", "-H", "127.0.0.1", "-p", str(self.port), "-c", command]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout
