"""Records shipped by rsyslog to rsyslog, with the configuration in packaging/rsyslog."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

import log_shipping
from gearmang.cli.logs.ship_check import ship_check
from log_shipping import record
from tests.daemons.process import Process, await_that
from tests.daemons.rsyslog import PROGRAM, Receiver, Sender

COUNT = 500


def lines(folder: Path) -> list[bytes]:
    return [line for path in sorted(folder.glob("*.jsonl")) for line in path.open("rb")]


def test_records_reach_the_centre_byte_for_byte(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "centre")
    sender = Sender(tmp_path / "worker", receiver.port)
    with receiver, sender:
        log_shipping.configure(path=sender.records, sigterm=False)
        for number in range(COUNT):
            with record("resize") as made:
                made.set(number=number, text='grüße \x1b[31m %s $! \\ "')
                if number == 0:
                    made.set(long="x" * 20_000)
        log_shipping.configure()
        await_that(lambda: len(lines(receiver.records)) >= COUNT, "all records at the centre")
    assert sorted(lines(receiver.records)) == sorted(lines(sender.records))
    told = CliRunner().invoke(
        ship_check,
        ["--local", str(sender.records), "--central", str(receiver.records), "--grace", "0s"],
    )
    assert "missing: " not in told.output


def test_what_is_missing_is_named_and_sent_again_by_the_same_way(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "centre")
    sender = Sender(tmp_path / "worker", receiver.port)
    with receiver, sender:
        log_shipping.configure(path=sender.records, sigterm=False)
        for _ in range(COUNT):
            with record("resize"):
                pass
        log_shipping.configure()
        await_that(lambda: len(lines(receiver.records)) >= COUNT, "all records at the centre")
        (arrived,) = receiver.records.iterdir()
        kept = lines(receiver.records)[:-7]
        receiver.pause()
        arrived.write_bytes(b"".join(kept))  # as after an accident at the centre
        receiver.resume()
        lost = {json.loads(line)["event_id"] for line in lines(sender.records)} - {
            json.loads(line)["event_id"] for line in kept
        }
        arguments = ["--local", str(sender.records), "--central", str(receiver.records)]
        told = CliRunner().invoke(ship_check, [*arguments, "--grace", "0s", "--reship", "--json"])
        assert set(json.loads(told.output)["missing"]) == lost
        await_that(
            lambda: {json.loads(line)["event_id"] for line in lines(receiver.records)} >= lost,
            "the missing records at the centre",
        )


@pytest.fixture
def local_syslog(tmp_path: Path) -> tuple[Process, Path, Path]:
    """An rsyslog that listens on a Unix socket and writes the messages to a file."""
    address, written = tmp_path / "log", tmp_path / "messages"
    configuration = tmp_path / "local.conf"
    configuration.write_text(
        f'global(workDirectory="{tmp_path}" maxMessageSize="64k")\n'
        'module(load="imuxsock" SysSock.Use="off")\n'
        f'input(type="imuxsock" Socket="{address}" useSpecialParser="off" parseHostname="on")\n'
        'template(name="line" type="string" string="%msg%\\n")\n'
        f"if $app-name == 'gearmang-tasks' then"
        f' action(type="omfile" file="{written}" template="line")\n'
    )
    command: list[str | Path] = [PROGRAM, "-n", "-C", "-f", configuration, "-i", tmp_path / "pid"]
    return Process(command, tmp_path / "rsyslogd.log"), address, written


def test_records_go_through_a_local_syslog_socket(
    local_syslog: tuple[Process, Path, Path],
) -> None:
    daemon, address, written = local_syslog
    with daemon:
        await_that(address.is_socket, "rsyslogd listens")
        log_shipping.configure(syslog=str(address), sigterm=False)
        try:
            for number in range(COUNT):
                with record("resize") as made:
                    made.set(number=number)
        finally:
            log_shipping.configure()
        await_that(
            lambda: written.exists() and len(written.read_text().splitlines()) == COUNT,
            "all records in the file",
        )
    numbers = [json.loads(line)["fields"]["number"] for line in written.open()]
    assert numbers == list(range(COUNT))


def test_records_go_to_a_udp_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        log_shipping.configure(syslog=f"127.0.0.1:{receiver.getsockname()[1]}", sigterm=False)
        try:
            with record("resize"):
                pass
        finally:
            log_shipping.configure()
        message = receiver.recv(65536)
    head, _, body = message.partition(b" - - ")
    assert head.startswith(b"<134>1 20")
    assert json.loads(body)["type"] == "resize"
