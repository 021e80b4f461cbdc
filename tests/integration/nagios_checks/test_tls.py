"""Checks of a gearmand behind TLS (stunnel), with a certificate of their own."""

from pathlib import Path

from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import Worker
from tests.daemons.stunnel import Authority, Stunnel
from tests.integration.nagios_checks.plugin import check


def test_a_trusted_server_is_checked_over_tls(gearmand: Gearmand, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ours")
    identity = authority.sign("127.0.0.1")
    with (
        Stunnel(tmp_path, gearmand, identity, clients=authority) as endpoint,
        Worker(tmp_path, gearmand, "nagios_checks.echo:echo", "gearmang_echo"),
    ):
        cert, key = authority.sign("monitor")
        tls = ("-H", f"127.0.0.1:{endpoint.port}", "--ca", authority.ca, "--cert", cert)
        for name in ("queues", "workers", "uptime", "roundtrip"):
            run = check(name, *tls, "--key", key)
            assert run.state == "OK", run
        without_key = check("queues", *tls, "--key", tmp_path / "missing.key")
        assert without_key.state == "CRITICAL"
        assert "missing.key" in without_key.line
