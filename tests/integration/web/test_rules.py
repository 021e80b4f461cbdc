"""The rules for Prometheus and Alertmanager, by their own tools."""

import re
import subprocess
from pathlib import Path

import pytest

from gearmang.protocol.entries import Peer
from gearmang.web.figures import metrics
from gearmang.web.letters_counted import Counted
from tests.unit.web.sights import NOW, sight, snapshot

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "packaging" / "prometheus"
RULES = (FOLDER / "gearmang.rules.yml").read_text()
ALERTS = re.findall(r"alert: (\w+)", RULES)


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_fire_on_their_figures_and_on_no_others() -> None:
    run("promtool", "test", "rules", "gearmang.test.yml")


def test_the_sample_of_prometheus_is_taken() -> None:
    run("promtool", "check", "config", "scrape.yml")


def test_alertmanager_takes_the_inhibitions() -> None:
    run("amtool", "check-config", "alertmanager.yml")


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_tested_and_has_a_runbook(alert: str) -> None:
    tested = (FOLDER / "gearmang.test.yml").read_text()
    assert tested.count(f"alertname: {alert}\n") == 2
    (page,) = re.findall(rf"alert: {alert}\n(?:.*\n){{1,8}}? +runbook_url: (\S+)", RULES)
    assert alert in (ROOT / page).read_text()


def test_the_rules_ask_for_series_that_there_are() -> None:
    peers = [Peer(1, "::1", f"resize@h:7+{int(NOW) - 90}~{int(NOW) - 9}", ("resize",))]
    seen = sight(
        snapshot(("resize", 2, 1, 1), connections=peers),
        letters=Counted({"resize": {"dead": 1}}, {}, 0),
    )
    told = metrics(seen, most_functions=9, has_store=True)
    there = set(re.findall(r"^(gearmang_\w+)", told, re.MULTILINE))
    asked = set(re.findall(r"\bgearmang_[a-z_]+(?=[{ )\[']| )", RULES)) - {"gearmang_sums"}
    missing = asked - there - {"gearmang_function_oldest_waiting_seconds"}
    assert missing == set()
