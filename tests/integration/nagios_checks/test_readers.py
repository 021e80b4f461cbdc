"""Names of every kind through what reads perfdata: as many series as names, each value right."""

from __future__ import annotations

import json
import random
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nagios_checks.labels import label
from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.icinga2 import Icinga2
from tests.daemons.nrpe import Nrpe
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.plugin import check
from tests.integration.nagios_checks.test_shipped_configuration import ICINGA

COUNT = 1_000
FUSED = ["a.b", "a_b", "a:b", "a::b", "a/b", "a b", "a~b", "a@b", "a-b", "a--b", "a=b", "A_b"]
LETTERS = "abcAB019_-.:/~@ =|'\"$!%,;\\{}()é☕"

WRITERS = """
object GraphiteWriter "graphite" {{
  host = "127.0.0.1"
  port = "{graphite}"
}}
object InfluxdbWriter "influx" {{
  host = "127.0.0.1"
  port = {influx}
  database = "icinga2"
  flush_interval = 1s
  service_template = {{ measurement = "queues", tags = {{ service = "$service.name$" }} }}
}}
object PerfdataWriter "perfdata" {{
  service_perfdata_path = "{folder}/perfdata"
  service_temp_path = "{folder}/perfdata.new"
  host_perfdata_path = "{folder}/hosts"
  host_temp_path = "{folder}/hosts.new"
  rotation_interval = 1s
  service_format_template = "$service.perfdata$"
}}
object Host "h" {{
  check_command = "dummy"
}}
object Service "queues" {{
  host_name = "h"
  check_command = "gearmang_queues"
  check_interval = 1s
  vars.gearmang_queues_hostname = "{address}"
  vars.gearmang_queues_limit = "{count}"
  vars.gearmang_queues_no_workers = "OK"
}}
"""

PERL = (
    "use Monitoring::Plugin::Performance; local $/; binmode STDIN;"
    "print $_->label, qq(\\t), $_->value, qq(\\n)"
    " for Monitoring::Plugin::Performance->parse_perfstring(<STDIN>);"
)


def generated() -> list[str]:
    """So many names, of characters that readers make something of."""
    made = random.Random(17)
    names = dict.fromkeys(FUSED)
    while len(names) < COUNT:
        length = made.choice([1, 2, 3, 5, 8, 20, 60])
        names["".join(made.choice(LETTERS) for _ in range(length))] = None
    return list(names)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gearmand, dict[str, int]]]:
    """A gearmand with so many functions, and the series that they must become."""
    names = generated()
    with (
        Gearmand(tmp_path_factory.mktemp("names")) as gearmand,
        Registrations(gearmand) as there,
    ):
        for number, name in enumerate(names):
            there.submit(name.encode(), 1 + number % 3)
            there.sockets.pop().close()
        yield gearmand, {label(name): 1 + number % 3 for number, name in enumerate(names)}


class Listener(socketserver.ThreadingTCPServer):
    """Keeps every line that it is sent, and answers HTTP so that a writer is content."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Heard)
        self.lines: list[str] = []


class _Heard(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Listener)
        for line in self.rfile:
            text = line.decode().rstrip()
            self.server.lines.append(text)
            if text.lower().startswith("content-length:"):
                length = int(text.partition(":")[2])
                while self.rfile.readline().strip():
                    pass
                self.server.lines += self.rfile.read(length).decode().splitlines()
                self.wfile.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
                return


@contextmanager
def listening() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def of_graphite(lines: list[str]) -> dict[str, int]:
    """Label → value; a path has a part for the label, and one for the value's kind."""
    found = {}
    for line in list(lines):
        path, value, _ = line.split(" ")
        parts = path.split(".")
        if "perfdata" in parts and parts[-1] == "value":
            assert len(parts) == 8, path
            found[parts[6]] = int(float(value))
    return found


def of_influx(lines: list[str]) -> dict[str, int]:
    """Label → value, of InfluxDB's line protocol."""
    found = {}
    for line in list(lines):
        if line.startswith("queues,") and "metric=" in line:
            tags, fields, _ = line.split(" ")
            name = dict(tag.split("=") for tag in tags.split(",")[1:])["metric"]
            values = dict(field.split("=") for field in fields.split(","))
            found[name] = int(float(values["value"]))
    return found


def of_perfdata(folder: Path) -> dict[str, int]:
    """Label → value, of the files of Icinga's perfdata writer."""
    found = {}
    for file in folder.glob("perfdata.[0-9]*"):
        for line in file.read_text().splitlines():
            for series in line.split():
                name, _, value = series.partition("=")
                found[name.strip("'")] = int(float(value.partition(";")[0]))
    return found


def await_series(read: Callable[[], dict[str, int]]) -> None:
    try:
        await_that(lambda: len(read()) >= COUNT, "all series are written", 30)
    except TimeoutError:
        raise TimeoutError(f"{len(read())} of {COUNT} series are written") from None


def test_icingas_writers_have_a_series_for_each_name(
    waiting: tuple[Gearmand, dict[str, int]], tmp_path: Path
) -> None:
    gearmand, expected = waiting
    with listening() as graphite, listening() as influx:
        writers = tmp_path / "writers.conf"
        writers.write_text(
            WRITERS.format(
                graphite=graphite.server_address[1],
                influx=influx.server_address[1],
                folder=tmp_path,
                address=gearmand.address,
                count=COUNT,
            )
        )
        files = [ICINGA / "gearmang-commands.conf", writers]
        with Icinga2(tmp_path, files, plugins=BIN):
            readers: list[Callable[[], dict[str, int]]] = [
                lambda: of_graphite(graphite.lines),
                lambda: of_influx(influx.lines),
                lambda: of_perfdata(tmp_path),
            ]
            for read in readers:
                await_series(read)
                assert read() == expected


def test_perls_monitoring_plugin_reads_a_series_for_each_name(
    waiting: tuple[Gearmand, dict[str, int]],
) -> None:
    gearmand, expected = waiting
    run = check("queues", "-H", gearmand.address, "--limit", COUNT, "--no-workers", "OK")
    done = subprocess.run(
        ["perl", "-e", PERL],
        input=run.output.partition("| ")[2],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert {name: int(value) for name, value in rows} == expected
    assert len(rows) == COUNT


def test_nrpe_cuts_no_number_in_two(
    waiting: tuple[Gearmand, dict[str, int]], tmp_path: Path
) -> None:
    gearmand, expected = waiting
    plugin = [BIN / "check_gearmang_queues", "-H", gearmand.address, "--limit", COUNT]
    commands = {"whole": plugin, "cut": [*plugin, "--max-bytes", "1000"]}
    with Nrpe(tmp_path, commands) as nrpe:
        whole, cut = nrpe.ask("whole"), nrpe.ask("cut")
    assert len(whole.encode()) >= 1000, "NRPE has cut it where it wanted"
    assert len(cut.encode()) <= 1001
    series = [one.partition("=") for one in cut.partition("| ")[2].split()]
    assert series
    for name, _, figures in series:
        value, warning, critical, least = figures.split(";")
        assert (expected[name.strip("'")], warning, critical, least) == (int(value), "", "", "0")


def test_names_are_made_the_same_in_every_run() -> None:
    assert len(set(generated())) == COUNT
    assert json.dumps(generated()) == json.dumps(generated())
