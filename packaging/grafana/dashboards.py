"""Writes the two dashboards beside it, fleet.json and function.json: ``python dashboards.py``.

Each panel is a row of a table here: what it is called, what it asks Prometheus, how it is drawn.
"""

# ruff: noqa: E501 # one panel a line, as a table reads best

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
SOURCE = {"type": "prometheus", "uid": "${source}"}
SCHEMA = 39  # of Grafana 10.4 and later, which bring older ones up
COLUMNS = 24  # of Grafana's grid
HEIGHTS = {"stat": 4, "timeseries": 8, "table": 9}  # rows of the grid
VERDICTS = (
    'gearmang_function_verdict{gearmang_function_verdict=~"growing|starved|stuck|hung|unserved"'
)
ONE = '{function="$function"}'
ENDED = "gearmang_attempts_total"
TOOK = "gearmang_attempt_duration_seconds_bucket"
WAITED = "gearmang_attempt_wait_seconds_bucket"


class Panel(NamedTuple):
    """One drawing.

    Attributes:
        title: of it.
        kind: ``stat``, ``timeseries`` or ``table``.
        width: columns of the grid.
        unit: Grafana's name of it.
        asks: legend → expression.
        told: what it means, for who points at it.
        bad: from which value on it is red; None: never.
    """

    title: str
    kind: str
    width: int
    unit: str
    asks: dict[str, str]
    told: str = ""
    bad: float | None = None


def quantiles(name: str) -> dict[str, str]:
    """The middle, and what 95 and 99 of a hundred keep to."""
    inner = f"sum by (le) (rate({name}{ONE}[$__rate_interval]))"
    return {f"p{share}": f"histogram_quantile(0.{share}, {inner})" for share in ("50", "95", "99")}


FLEET = (
    Panel("Servers lost", "stat", 4, "none", {"": "count(gearmang_server_up == 0) or vector(0)"}, bad=1),
    Panel("Waiting", "stat", 4, "short", {"": "sum(gearmang_function_waiting)"}),
    Panel("Running", "stat", 4, "short", {"": "sum(gearmang_function_running)"}),
    Panel("Queues in trouble", "stat", 4, "none", {"": f"count({VERDICTS}}} == 1) or vector(0)"}, bad=1),
    Panel("Dead letters", "stat", 4, "short", {"": 'sum(gearmang_dead_letters{state="dead"})'}),
    Panel("Collectors", "stat", 4, "none", {"": "sum(gearmang_server_collectors)"}),
    Panel("Waiting, the ten longest queues", "timeseries", 12, "short",
          {"{{function}}": "topk(10, sum by (function) (gearmang_function_waiting))"}),
    Panel("Queues in trouble", "table", 12, "none", {"": f"{VERDICTS}}} == 1"},
          "A queue that does not move, judged by the page."),
    Panel("Oldest waiting job, the ten oldest", "timeseries", 12, "s",
          {"{{function}}": "topk(10, max by (function) (gearmang_function_oldest_waiting_seconds))"}),
    Panel("Attempts that failed", "timeseries", 12, "percentunit",
          {"{{function}}": f'sum by (function) (rate({ENDED}{{outcome="failure"}}[$__rate_interval])) / sum by (function) (rate({ENDED}[$__rate_interval]))'}),
    Panel("Dead letters that wait", "timeseries", 12, "short",
          {"{{function}}": 'topk(10, sum by (function) (gearmang_dead_letters{state="dead"}))'}),
    Panel("Reply of the servers", "timeseries", 12, "s", {"{{server}}": "gearmang_server_reply_seconds"}),
)  # fmt: skip

FUNCTION = (
    Panel("Waiting", "stat", 6, "short", {"": f"sum(gearmang_function_waiting{ONE})"}),
    Panel("Running", "stat", 6, "short", {"": f"sum(gearmang_function_running{ONE})"}),
    Panel("Workers", "stat", 6, "short", {"": f"sum(gearmang_function_workers{ONE})"}),
    Panel("Dead letters", "stat", 6, "short",
          {"": 'sum(gearmang_dead_letters{function="$function",state="dead"}) or vector(0)'}),
    Panel("Waiting by server", "timeseries", 12, "short", {"{{server}}": f"gearmang_function_waiting{ONE}"}),
    Panel("Workers, and those that run a job", "timeseries", 12, "short",
          {"workers": f"sum(gearmang_function_workers{ONE})", "running": f"sum(gearmang_function_running{ONE})"}),
    Panel("Attempts a second", "timeseries", 12, "ops",
          {"{{outcome}}": f"sum by (outcome) (rate({ENDED}{ONE}[$__rate_interval]))"}),
    Panel("Duration of attempts", "timeseries", 12, "s", quantiles(TOOK), "Points name a job each."),
    Panel("Wait from submission to start", "timeseries", 12, "s", quantiles(WAITED)),
    Panel("Ages", "timeseries", 12, "s",
          {"oldest waiting job": f"max(gearmang_function_oldest_waiting_seconds{ONE})",
           "oldest running job": f"max(gearmang_function_oldest_running_seconds{ONE})",
           "oldest worker": f"max(gearmang_function_oldest_worker_seconds{ONE})"}),
)  # fmt: skip


def dashboard(uid: str, title: str, panels: tuple[Panel, ...], *, of_one: bool) -> dict[str, Any]:
    """One dashboard.

    Args:
        of_one: whether it is about one function, which is chosen above it.
    """
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    function = {
        "name": "function",
        "label": "Function",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(gearmang_function_waiting, function)",
        "refresh": 2,
        "sort": 1,
    }
    return {
        "uid": uid,
        "title": title,
        "tags": ["gearmang"],
        "schemaVersion": SCHEMA,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source, function] if of_one else [source]},
        "panels": placed(panels),
    }


def placed(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """The panels from left to right and from top to bottom."""
    found, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > COLUMNS:
            x, y, height = 0, y + height, 0
        height = max(height, HEIGHTS[panel.kind])
        place = {"x": x, "y": y, "w": panel.width, "h": HEIGHTS[panel.kind]}
        found.append(drawn(number, panel, place))
        x += panel.width
    return found


def drawn(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    """One panel as Grafana has it."""
    steps: list[dict[str, Any]] = [{"value": None, "color": "green"}]
    if panel.bad is not None:
        steps.append({"value": panel.bad, "color": "red"})
    targets = [
        {
            "refId": chr(ord("A") + place),
            "datasource": SOURCE,
            "expr": expression,
            "legendFormat": legend,
            "exemplar": "_bucket" in expression,
            **({"instant": True, "format": "table"} if panel.kind == "table" else {}),
        }
        for place, (legend, expression) in enumerate(panel.asks.items())
    ]
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.kind == "stat":
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.told,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {},
        "targets": targets,
    }


def documents() -> dict[str, str]:
    """The files: name → text."""
    made = {
        "fleet.json": dashboard("gearmang-fleet", "Gearmang: fleet", FLEET, of_one=False),
        "function.json": dashboard(
            "gearmang-function", "Gearmang: one function", FUNCTION, of_one=True
        ),
    }
    return {name: json.dumps(one, indent=1) + "\n" for name, one in made.items()}


if __name__ == "__main__":
    for name, text in documents().items():
        (FOLDER / name).write_text(text)
