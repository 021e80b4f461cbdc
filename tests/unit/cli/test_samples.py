"""Samples of configuration, as this installation writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gearmang.cli import samples
from gearmang.cli.samples import NoSamples, as_installed, write_samples


def write(folder: Path, *wanted: str) -> None:
    write_samples.main([str(folder), *wanted], standalone_mode=False)


def test_the_named_samples_are_written(tmp_path: Path) -> None:
    write(tmp_path, "collectd")
    assert [path.name for path in tmp_path.iterdir()] == ["collectd"]
    assert "collectd_plugin" in (tmp_path / "collectd" / "gearmang.conf").read_text()


def test_a_file_that_is_there_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "collectd").mkdir()
    (tmp_path / "collectd" / "gearmang.conf").write_text("mine")
    write(tmp_path, "collectd")
    assert (tmp_path / "collectd" / "gearmang.conf").read_text() == "mine"
    assert "left as it is" in capsys.readouterr().out


def test_unknown_samples_are_an_error_that_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(NoSamples, match=r"no samples of zabbix; there are: .*nagios"):
        write(tmp_path, "zabbix")


def test_an_installation_without_samples_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "HOMES", (tmp_path / "none",))
    with pytest.raises(NoSamples, match="carries no samples"):
        write(tmp_path)


def test_paths_are_those_of_the_installation() -> None:
    text = (
        'ExecStart=/usr/bin/gearmang collect\nModulePath "/usr/lib/gearmang"\n'
        "/usr/lib/nagios/plugins/check_gearmang_queues\n"
    )
    told = as_installed(text, Path("/opt/g/bin/gearmang"), Path("/opt/g/lib"))
    assert told == (
        'ExecStart=/opt/g/bin/gearmang collect\nModulePath "/opt/g/lib"\n'
        "/opt/g/bin/check_gearmang_queues\n"
    )
