"""A real stunnel (Debian's stunnel4) that speaks TLS in front of a gearmand."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from tests.daemons.gearmand import Gearmand
from tests.daemons.process import Process, await_that, free_port

PROGRAM = "/usr/bin/stunnel4"

_CONFIGURATION = """\
foreground = yes
pid =
debug = warning
[gearmand]
accept = 127.0.0.1:{port}
connect = {gearmand}
cert = {cert}
key = {key}
{more}
"""


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)


class Authority:
    """A certificate authority in a folder, and what it has signed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._key = folder / "ca.key"
        subject = ("-subj", f"/CN=authority {folder.name}", "-days", "2", "-nodes")
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            *subject, "-keyout", self._key, "-out", self.ca,
        )  # fmt: skip

    def sign(self, name: str) -> tuple[Path, Path]:
        """A certificate for a DNS name, or for an address, and its key."""
        kind = "IP" if name[0].isdigit() else "DNS"
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-CA", self.ca, "-CAkey", self._key, "-days", "2", "-nodes", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName={kind}:{name}", "-keyout", key, "-out", cert,
        )  # fmt: skip
        return cert, key


class Stunnel(Process):
    """TLS on a free port of 127.0.0.1.

    Args:
        folder: where its files go.
        gearmand: what stands behind it.
        identity: its certificate and key.
        clients: the authority that clients must show a certificate of; None: any client will do.
    """

    def __init__(
        self,
        folder: Path,
        gearmand: Gearmand,
        identity: tuple[Path, Path],
        clients: Authority | None = None,
    ) -> None:
        self.port = free_port()
        cert, key = identity
        more = f"CAfile = {clients.ca}\nverifyChain = yes" if clients else ""
        configuration = folder / f"stunnel-{self.port}.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                port=self.port, gearmand=gearmand.address, cert=cert, key=key, more=more
            )
        )
        super().__init__([PROGRAM, configuration], folder / f"stunnel-{self.port}.log")

    def await_ready(self) -> None:
        def listens() -> bool:
            self.require_running()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                return False
            return True

        await_that(listens, f"stunnel listens on {self.port}")
