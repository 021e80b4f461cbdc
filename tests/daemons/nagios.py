"""A real Nagios (Debian's nagios4-core) in the foreground, with everything in one folder."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.daemons.process import Process, await_that

PROGRAM = "/usr/sbin/nagios4"
HOST = "gearman"  # the host that every service belongs to
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")

_SERVICE_BLOCK = re.compile(r"^servicestatus \{\n(.*?)^\t\}", re.MULTILINE | re.DOTALL)


class Verdict(NamedTuple):
    """What Nagios says of a service: its state, and the first line that the plugin printed."""

    state: str
    output: str


class Nagios(Process):
    """Nagios that runs each service's command every second and writes status.dat every second.

    Args:
        folder: where its configuration, log and state go.
        services: description → the words of the command, or None for a service that takes
            passive results only.
        objects: further object files, such as the shipped ones, and folders of them.
        resources: user macros: ``{"$USER1$": "/usr/lib/nagios/plugins"}``.

    Example:
        services = {"workers": [".venv/bin/check_gearmang_workers", "-H", "gm1"]}
        with Nagios(folder, services) as nagios:
            nagios.await_state("workers", "CRITICAL")
            print(nagios.state_of("workers").output)
    """

    def __init__(
        self,
        folder: Path,
        services: Mapping[str, Sequence[str | Path] | None],
        *,
        objects: Sequence[Path] = (),
        resources: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder / "nagios"
        self.command_pipe = self.folder / "rw" / "nagios.cmd"
        self.check_results = self.folder / "checkresults"
        self.status_file = self.folder / "status.dat"
        self.configuration = self.folder / "nagios.cfg"
        for made in (self.folder, self.command_pipe.parent, self.check_results):
            made.mkdir(parents=True, exist_ok=True)
        (self.folder / "resource.cfg").write_text(
            "".join(f"{name}={value}\n" for name, value in (resources or {}).items())
        )
        (self.folder / "services.cfg").write_text(_objects(services))
        self.configuration.write_text(self._main(objects))
        super().__init__([PROGRAM, self.configuration], self.folder / "output.log")

    def verify(self) -> str:
        """What ``nagios4 -v`` says of the configuration; fails unless it accepts it."""
        done = subprocess.run(
            [PROGRAM, "-v", self.configuration], capture_output=True, text=True, check=False
        )
        if done.returncode or "Total Errors:   0" not in done.stdout:
            raise AssertionError(f"nagios4 -v refuses {self.configuration}:\n{done.stdout}")
        return done.stdout

    def await_ready(self) -> None:
        def started() -> bool:
            self.require_running()
            return self.status_file.exists() and self.command_pipe.exists()

        await_that(started, "Nagios writes status.dat")

    def states(self) -> dict[str, Verdict]:
        """Every service that was checked at least once, by description."""
        try:
            text = self.status_file.read_text(errors="replace")
        except FileNotFoundError:  # it is being replaced
            return {}
        found = {}
        for block in _SERVICE_BLOCK.findall(text):
            values = dict(line.strip().split("=", 1) for line in block.splitlines() if "=" in line)
            if values["has_been_checked"] == "1":
                verdict = Verdict(STATES[int(values["current_state"])], values["plugin_output"])
                found[values["service_description"]] = verdict
        return found

    def state_of(self, service: str) -> Verdict:
        """The service's state and output; ``PENDING`` before its first check."""
        return self.states().get(service, Verdict("PENDING", ""))

    def await_state(self, service: str, state: str, timeout: float = 30.0) -> Verdict:
        """Return once status.dat has the service in that state.

        Raises:
            TimeoutError: it did not come to it; the text says what it is instead.
        """
        try:
            await_that(lambda: self.state_of(service).state == state, service, timeout)
        except TimeoutError:
            raise TimeoutError(
                f"{service} is not {state} after {timeout:g} s but {self.state_of(service)}"
            ) from None
        return self.state_of(service)

    def _main(self, objects: Sequence[Path]) -> str:
        user = pwd.getpwuid(os.getuid()).pw_name
        folder = self.folder
        lines = [
            *(f"cfg_{'dir' if path.is_dir() else 'file'}={path}" for path in objects),
            f"cfg_file={folder}/services.cfg",
            f"resource_file={folder}/resource.cfg",
            f"log_file={folder}/nagios.log",
            f"object_cache_file={folder}/objects.cache",
            f"precached_object_file={folder}/objects.precache",
            f"status_file={self.status_file}",
            f"state_retention_file={folder}/retention.dat",
            f"lock_file={folder}/nagios.lock",
            f"temp_file={folder}/nagios.tmp",
            f"temp_path={folder}",
            f"log_archive_path={folder}",
            f"check_result_path={self.check_results}",
            f"command_file={self.command_pipe}",
            f"query_socket={self.command_pipe.parent}/nagios.qh",
            f"nagios_user={user}",
            f"nagios_group={user}",
            "interval_length=1",
            "status_update_interval=2",
            "check_result_reaper_frequency=1",
            "service_check_timeout=20",
            "check_external_commands=1",
            "check_workers=2",
            "max_concurrent_checks=0",  # a check beyond the limit waits for 5 to 17 s
            "service_inter_check_delay_method=n",
            "max_service_check_spread=1",
            "host_inter_check_delay_method=n",
            "service_interleave_factor=1",
            "check_for_updates=0",
            "use_syslog=0",
            "enable_notifications=0",
            "use_retained_program_state=0",
            "illegal_macro_output_chars=`~$&|'\"<>",
        ]
        return "\n".join(lines) + "\n"


_GROUND = f"""
define timeperiod {{
    timeperiod_name  always
    alias            always
    sunday           00:00-24:00
    monday           00:00-24:00
    tuesday          00:00-24:00
    wednesday        00:00-24:00
    thursday         00:00-24:00
    friday           00:00-24:00
    saturday         00:00-24:00
}}
define command {{
    command_name  nothing
    command_line  /bin/true
}}
define contact {{
    contact_name                   nobody
    host_notification_period       always
    service_notification_period    always
    host_notification_commands     nothing
    service_notification_commands  nothing
}}
define host {{
    host_name            {HOST}
    address              127.0.0.1
    max_check_attempts   1
    check_interval       60
    check_period         always
    notification_period  always
    check_command        nothing
    contacts             nobody
}}
"""

_COMMAND = """
define command {{
    command_name  {name}
    command_line  {line}
}}
"""

_SERVICE = """
define service {{
    host_name               {host}
    service_description     {description}
    check_command           {command}
    active_checks_enabled   {active}
    passive_checks_enabled  1
    max_check_attempts      1
    check_interval          1
    retry_interval          1
    check_period            always
    notification_period     always
    contacts                nobody
}}
"""


def _objects(services: Mapping[str, Sequence[str | Path] | None]) -> str:
    blocks = [_GROUND]
    for number, (description, words) in enumerate(services.items()):
        command = "nothing"
        if words is not None:
            command = f"run-{number}"
            line = shlex.join(map(str, words)).replace("$", "$$").replace(";", "\\;")
            blocks.append(_COMMAND.format(name=command, line=line))
        blocks.append(
            _SERVICE.format(
                host=HOST, description=description, command=command, active=int(words is not None)
            )
        )
    return "".join(blocks)
