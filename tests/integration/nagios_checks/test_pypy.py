"""The checks and the plugin's modules under PyPy, whose Python is 3.9."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nagiosplugin

from tests.daemons.gearmand import Gearmand

ROOT = Path(__file__).parents[3]
PLUGINS = ROOT / "packaging" / "nagios" / "plugins"


def pypy(*words: str | Path) -> subprocess.CompletedProcess[str]:
    folders = (ROOT, Path(nagiosplugin.__file__).parents[1])
    return subprocess.run(
        ["/usr/bin/pypy3", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
    )


def test_a_check_judges_a_gearmand(gearmand: Gearmand) -> None:
    told = pypy(PLUGINS / "check_gearmang_queues", "-H", gearmand.address, "--timeout", "50")
    assert (told.returncode, told.stderr) == (0, ""), told.stdout


def test_the_plugin_can_be_imported() -> None:
    told = pypy("-c", "import collectd_plugin.plugin, collectd_plugin.options, gearmang.watch.poll")
    assert (told.returncode, told.stderr) == (0, "")
