"""The shipped configurations: by their own programs where Debian has them, else by their rules."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import tomllib
from click.testing import CliRunner

import log_shipping
from gearmang.cli.logs.stats import stats

PACKAGING = Path(__file__).parents[3] / "packaging"

# The options of the components that are used, from their vendors' references.
VECTOR = {
    ("sources", "file"): {"include", "read_from", "max_line_bytes"},
    ("sources", "vector"): {"address"},
    ("sinks", "vector"): {"inputs", "address", "compression", "acknowledgements", "buffer"},
    ("sinks", "file"): {"inputs", "path", "acknowledgements", "encoding"},
}
FLUENT_BIT = {
    "SERVICE": {"flush", "storage.path", "storage.sync"},
    "tail": {
        *("tag", "path", "db", "read_from_head", "refresh_interval", "buffer_max_size"),
        "storage.type",
    },
    "forward": {
        *("match", "host", "port", "require_ack_response", "retry_limit", "listen"),
        "storage.total_limit_size",
    },
    "file": {"match", "path", "file", "mkdir", "format", "template"},
}


@pytest.mark.parametrize("name", ["gearmang-send.conf", "gearmang-receive.conf"])
def test_rsyslog_accepts_its_configuration(name: str, tmp_path: Path) -> None:
    # imfile wants the state folder that Debian's own rsyslog.conf sets.
    (tmp_path / "rsyslog.conf").write_text(
        f'global(workDirectory="{tmp_path}")\ninclude(file="{PACKAGING / "rsyslog" / name}")\n'
    )
    subprocess.run(
        ["/usr/sbin/rsyslogd", "-N1", "-f", str(tmp_path / "rsyslog.conf")],
        check=True,
        capture_output=True,
    )


def test_logrotate_accepts_its_configuration(tmp_path: Path) -> None:
    told = subprocess.run(
        ["/usr/sbin/logrotate", "-d", "-s", str(tmp_path / "state"),
         str(PACKAGING / "logrotate" / "gearmang-records")],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert "error:" not in told.stderr


def test_what_logrotate_packs_is_read_by_gearmang_logs(tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    log_shipping.configure(path=folder, sigterm=False)
    for _ in range(100):
        with log_shipping.record("resize"):
            pass
    log_shipping.configure()
    (old,) = folder.iterdir()
    long_ago = time.time() - 3 * 86400
    old.rename(folder / "tasks-2026010100.jsonl")
    os.utime(folder / "tasks-2026010100.jsonl", (long_ago, long_ago))
    log_shipping.configure(path=folder, sigterm=False)
    with log_shipping.record("resize"):
        pass
    log_shipping.configure()
    sample = (PACKAGING / "logrotate" / "gearmang-records").read_text()
    (tmp_path / "conf").write_text(sample.replace("/var/log/gearmang/tasks", str(folder)))
    (tmp_path / "conf").chmod(0o644)
    # By its state file it knows the old file since three days.
    then = time.strftime("%Y-%-m-%-d-%-H:0:0", time.localtime(long_ago))
    (tmp_path / "state").write_text(
        f'logrotate state -- version 2\n"{folder}/tasks-2026010100.jsonl" {then}\n'
    )
    subprocess.run(
        ["/usr/sbin/logrotate", "-s", str(tmp_path / "state"), str(tmp_path / "conf")], check=True
    )
    assert [path.name for path in (folder / "packed").iterdir()] == ["tasks-2026010100.1.jsonl.gz"]
    told = CliRunner().invoke(stats, ["--records", str(folder), "--json"])
    assert json.loads(told.stdout)[0]["count"] == 101


@pytest.mark.parametrize("name", ["gearmang-send.toml", "gearmang-receive.toml"])
def test_vectors_configuration_uses_what_its_reference_names(name: str) -> None:
    configuration: dict[str, Any] = tomllib.loads((PACKAGING / "vector" / name).read_text())
    sources = set(configuration["sources"])
    for section in ("sources", "sinks"):
        for component in configuration[section].values():
            assert set(component) - {"type"} <= VECTOR[section, component["type"]]
            assert set(component.get("inputs", [])) <= sources


@pytest.mark.parametrize("name", ["gearmang-send.conf", "gearmang-receive.conf"])
def test_fluent_bits_configuration_uses_what_its_reference_names(name: str) -> None:
    section, known = "", set[str]()
    for line in (PACKAGING / "fluent-bit" / name).read_text().splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("["):
            section = text.strip("[]")
            known = FLUENT_BIT.get(section, set())
            continue
        key, value = text.split(maxsplit=1)
        if key == "name":
            known = FLUENT_BIT[value]
        else:
            assert key in known, f"{section}: {key}"


def test_systemd_accepts_the_drop_in(tmp_path: Path) -> None:
    unit = tmp_path / "worker.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    folder = tmp_path / "worker.service.d"
    folder.mkdir()
    drop_in = folder / "50-gearmang-records.conf"
    drop_in.write_text((PACKAGING / "journald" / drop_in.name).read_text())
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )  # it complains of this machine's units too
    assert "gearmang-records" not in told.stderr
