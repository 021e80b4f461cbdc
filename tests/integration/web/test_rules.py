"""The rules for Prometheus and Alertmanager, by their own tools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collectd_plugin.names import SeriesNames
from gearmang.protocol.entries import Peer
from gearmang.watch.movement import VERDICTS
from gearmang.web.attempts_counted import AttemptCounts
from gearmang.web.figures import metrics
from gearmang.web.letters_counted import Counted
from tests.daemons.process import await_that
from tests.daemons.prometheus import Alertmanager, check
from tests.unit.web.sights import NOW, sight, snapshot

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "packaging" / "prometheus"
FILES = ("gearmang", "collectd")
RULES, OF_COLLECTD = ((FOLDER / f"{name}.rules.yml").read_text() for name in FILES)
ALERTS = [
    (name, alert)
    for name, rules in zip(FILES, (RULES, OF_COLLECTD), strict=True)
    for alert in re.findall(r"alert: (\w+)", rules)
]


@pytest.mark.parametrize("name", FILES)
def test_the_rules_fire_on_their_figures_and_on_no_others(name: str) -> None:
    check("promtool", "test", "rules", f"{name}.test.yml", folder=FOLDER)


def test_the_sample_of_prometheus_is_taken() -> None:
    check("promtool", "check", "config", "scrape.yml", folder=FOLDER)


@pytest.mark.parametrize(("name", "alert"), ALERTS)
def test_every_alert_is_tested_and_has_a_runbook(name: str, alert: str) -> None:
    rules = (FOLDER / f"{name}.rules.yml").read_text()
    tested = (FOLDER / f"{name}.test.yml").read_text()
    assert tested.count(f"alertname: {alert}\n") >= 2
    (page,) = re.findall(rf"alert: {alert}\n(?:.*\n){{1,8}}? +runbook_url: (\S+)", rules)
    assert alert in (ROOT / page).read_text()


def test_the_rules_ask_for_series_that_there_are() -> None:
    peers = [Peer(1, "::1", f"resize@h:7+{int(NOW) - 90}~{int(NOW) - 9}", ("resize",))]
    seen = sight(
        snapshot(("resize", 2, 1, 1), connections=peers),
        letters=Counted({"resize": {"dead": 1}}, {}, 0),
    )
    attempts = AttemptCounts((), 60.0, lambda _: None)
    attempts.add(
        b'{"ts":"2026-11-24T03:13:05Z","task":"resize","outcome":"failure","duration_ms":1}'
    )
    told = metrics(seen, most_functions=9, has_store=True, attempts=attempts)
    there = set(re.findall(r"^(gearmang_\w+)", told, re.MULTILINE))
    groups = set(re.findall(r"- name: (\w+)", RULES))
    asked = set(re.findall(r"\bgearmang_[a-z_]+(?=[{ )\[']| )", RULES)) - groups
    missing = asked - there - {"gearmang_function_oldest_waiting_seconds"}
    assert missing == set()


def test_the_rules_of_collectd_read_the_series_of_the_plugin() -> None:
    series = SeriesNames()
    asked = set(re.findall(r'"type", "([a-z_]+-)', OF_COLLECTD))
    assert asked == {
        one.prefix for one in (series.flow, series.waiting, series.longest, series.oldest)
    }


@pytest.mark.parametrize("verdict", ["unserved", "stuck", "hung", "starved", "growing"])
def test_the_rules_of_collectd_know_the_numbers_of_verdicts(verdict: str) -> None:
    alert = f"Gearmang{verdict.capitalize()}"
    number = VERDICTS.index(verdict)
    assert f"alert: {alert}\n        expr: 'gearmang:collectd_flow == {number}'" in OF_COLLECTD


def test_alertmanager_silences_what_follows_from_another_alert(tmp_path: Path) -> None:
    on, of = {"server": "gm1:4730"}, {"function": "resize"}
    with Alertmanager(tmp_path, FOLDER / "alertmanager.yml") as alertmanager:
        alertmanager.fire(
            {"alertname": "GearmangServerLost", **on},
            {"alertname": "GearmangStuck", **on, **of},
            {"alertname": "GearmangOldJob", "server": "gm2:4730", **of},
            {"alertname": "GearmangUnserved", "server": "gm2:4730", "function": "thumbs"},
            {"alertname": "GearmangGrowing", "server": "gm2:4730", "function": "thumbs"},
            {"alertname": "GearmangNewCause"},
        )
        wanted = {
            "GearmangServerLost": False,
            "GearmangStuck/resize": True,  # its server is lost
            "GearmangOldJob/resize": False,  # on another server
            "GearmangUnserved/thumbs": False,
            "GearmangGrowing/thumbs": True,  # nobody serves it
            "GearmangNewCause": False,
        }
        await_that(lambda: alertmanager.silenced() == wanted, "what follows is silent")
        alertmanager.fire({"alertname": "GearmangPageStale"})
        all_silent = dict.fromkeys(wanted, True) | {"GearmangPageStale": False}
        await_that(lambda: alertmanager.silenced() == all_silent, "the page is gone")
