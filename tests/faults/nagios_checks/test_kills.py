"""Checks that are killed, as Nagios does to those that it deems too slow."""

import json
import random
import signal
import subprocess
from pathlib import Path

from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.plugin import FOLDER, check

KILLS = 20
LONGEST_LIFE = 0.06  # seconds: about what a run takes, so that kills fall anywhere in it


def test_the_probe_of_a_killed_check_is_cleared_away_by_the_next(gearmand: Gearmand) -> None:
    with Registrations(gearmand) as there:
        there.worker([b"gearmang_echo"])  # registered, and takes nothing
        command: list[str | Path] = [FOLDER / "check_gearmang_roundtrip", "-H", gearmand.address]
        with subprocess.Popen(command) as probe:
            await_that(lambda: gearmand.functions()["gearmang_echo"][0] == 1, "it is queued")
            probe.kill()
        await_that(lambda: "\t1\t0\n" in gearmand.ask("show jobs"), "its job is a ghost")
        assert check("roundtrip", "-H", gearmand.address, "-t", 1).state == "CRITICAL"
        assert gearmand.ask("show jobs") == ".\n"


def test_the_file_of_sightings_is_whole_whenever_a_check_is_killed(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    state = tmp_path / "seen.json"
    options = ("-H", gearmand.address, "--source", "seen", "--state", str(state))
    with Registrations(gearmand) as there:
        there.worker([b"resize"])
        assert check("uptime", *options).state == "OK"
        first = json.loads(state.read_text())
        for _ in range(KILLS):
            command = [str(FOLDER / "check_gearmang_uptime"), *options]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
                try:
                    running.wait(random.uniform(0, LONGEST_LIFE))
                except subprocess.TimeoutExpired:
                    running.send_signal(signal.SIGKILL)
            assert json.loads(state.read_text()) == first
        assert check("uptime", *options).state == "OK"
