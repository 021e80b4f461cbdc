"""The dashboards for Grafana: every panel's question is asked of a real Prometheus."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from tests.daemons.process import await_that
from tests.daemons.prometheus import Prometheus

FOLDER = Path(__file__).parents[3] / "packaging" / "grafana"
FILES = ("fleet.json", "function.json")
# What the page under test has none of, when all is well.
ABSENT = ("gearmang_function_oldest_running_seconds", "gearmang_function_verdict{")


def panels(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text())["panels"]
    return found


QUERIES = [
    pytest.param(target["expr"], id=f"{name}-{panel['title']}-{target['refId']}")
    for name in FILES
    for panel in panels(name)
    for target in panel["targets"]
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_panel_asks_what_prometheus_can_answer(prometheus: Prometheus, query: str) -> None:
    function = "thumbs" if "oldest_waiting" in query else "resize"
    asked = query.replace("$function", function).replace("$__rate_interval", "1m")
    if any(name in query for name in ABSENT):
        prometheus.query(asked)
    else:  # a rate needs two looks
        await_that(lambda: prometheus.query(asked), asked)


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_what_the_generator_writes(name: str) -> None:
    spec = importlib.util.spec_from_file_location("dashboards", FOLDER / "dashboards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.documents()[name] == (FOLDER / name).read_text()


@pytest.mark.parametrize("name", FILES)
def test_no_panel_lies_over_another(name: str) -> None:
    fields = [
        (x, y)
        for panel in panels(name)
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(fields) == len(set(fields))
