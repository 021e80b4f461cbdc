"""A real rsyslog, with the configuration that gearmang ships."""

from __future__ import annotations

from pathlib import Path

from tests.daemons.process import Process, await_that, free_port

PROGRAM = "/usr/sbin/rsyslogd"
SHIPPED = Path(__file__).parents[2] / "packaging" / "rsyslog"


class Rsyslog(Process):
    """rsyslogd in the foreground, its state and queue in a folder of its own.

    Args:
        folder: for its configuration, state, pid file and log.
        sample: the file of packaging/rsyslog that it runs.
        replaced: what is replaced in it: paths, host and port.
    """

    def __init__(self, folder: Path, sample: str, replaced: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.configuration = folder / "rsyslog.conf"
        text = (SHIPPED / sample).read_text()
        for old, new in replaced.items():
            assert old in text, f"{sample} has no {old}"
            text = text.replace(old, new)
        self.configuration.write_text(
            # -C keeps rsyslog from its own drop-in files; the state has to outlive a kill.
            f'global(workDirectory="{folder}")\n' + text
        )
        self._pid_file = folder / "rsyslogd.pid"
        super().__init__(
            [PROGRAM, "-n", "-C", "-f", self.configuration, "-i", self._pid_file],
            folder / "rsyslogd.log",
        )

    def start(self) -> Rsyslog:
        self._pid_file.unlink(missing_ok=True)  # left behind by a kill
        super().start()
        return self

    def await_ready(self) -> None:
        await_that(self._started, "rsyslogd starts")

    def _started(self) -> bool:
        self.require_running()
        return self._pid_file.exists()


class Receiver(Rsyslog):
    """The centre: ``records`` is where it writes."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.records = folder / "records"
        super().__init__(
            folder,
            "gearmang-receive.conf",
            {"/srv/gearmang/records": str(self.records), "20514": str(self.port)},
        )


class Sender(Rsyslog):
    """A worker host's: it ships what is written to ``records``."""

    def __init__(self, folder: Path, receiver_port: int) -> None:
        self.records = folder / "records"
        folder.mkdir(exist_ok=True)
        self.records.mkdir(exist_ok=True)
        super().__init__(
            folder,
            "gearmang-send.conf",
            {
                "/var/log/gearmang/tasks": str(self.records),
                "central.example.net": "127.0.0.1",
                "20514": str(receiver_port),
            },
        )
