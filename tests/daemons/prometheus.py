"""A real Prometheus (Debian's), and a real Alertmanager beside it."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.daemons.process import Process, await_that, free_port

PROGRAM = "/usr/bin/prometheus"
ALERTMANAGER = "/usr/bin/prometheus-alertmanager"
TIMEOUT = 10.0  # seconds for one answer

_CONFIGURATION = """\
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [{rules}]
scrape_configs:
  - job_name: gearmang
    static_configs:
      - targets: [{targets}]
"""


def asked(url: str, document: object = None) -> Any:
    """The JSON answer of a page, by POST where there is a document to send."""
    data = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 # ours
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 # ours
        return json.loads(answer.read() or b"null")


class Prometheus(Process):
    """Prometheus on a free port, scraping each second; ready once each target was scraped.

    Args:
        targets: HOST:PORT whose /metrics are scraped.
        rules: files of rules.
    """

    def __init__(self, folder: Path, targets: Sequence[str], rules: Sequence[Path] = ()) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.targets = [*targets]
        configuration = folder / "prometheus.yml"
        configuration.write_text(
            _CONFIGURATION.format(
                targets=", ".join(f"'{one}'" for one in targets),
                rules=", ".join(f"'{one}'" for one in rules),
            )
        )
        super().__init__(
            [
                *(PROGRAM, f"--config.file={configuration}"),
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                *("--enable-feature=exemplar-storage", "--log.level=warn"),
            ],
            folder / "prometheus.log",
        )

    def await_ready(self) -> None:
        await_that(self._has_scraped, f"Prometheus has scraped {', '.join(self.targets)}")

    def _has_scraped(self) -> bool:
        self.require_running()
        try:
            return len(self.query("up == 1")) == len(self.targets)
        except (OSError, ValueError):  # not there, or not ready
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Labels (under ``metric``) and value of each series.

        Raises:
            ValueError: Prometheus does not take the expression.
        """
        return self._data("query", {"query": expression})["result"]  # type: ignore[no-any-return]

    def exemplars(self, expression: str) -> list[dict[str, Any]]:
        """The exemplars of the last minutes."""
        wanted = {"query": expression, "start": "0", "end": "9999999999"}
        return self._data("query_exemplars", wanted)  # type: ignore[no-any-return]

    def _data(self, door: str, values: Mapping[str, str]) -> Any:
        try:
            return asked(f"{self.url}/api/v1/{door}?{urllib.parse.urlencode(values)}")["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(error.read().decode()) from None


class Alertmanager(Process):
    """Alertmanager on a free port, alone."""

    def __init__(self, folder: Path, configuration: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        super().__init__(
            [
                *(ALERTMANAGER, f"--config.file={configuration}"),
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                *("--cluster.listen-address=", "--log.level=warn"),
            ],
            folder / "alertmanager.log",
        )

    def await_ready(self) -> None:
        await_that(self._answers, "Alertmanager answers")

    def _answers(self) -> bool:
        self.require_running()
        try:
            return bool(asked(f"{self.url}/api/v2/status"))
        except OSError:
            return False

    def fire(self, *alerts: Mapping[str, str]) -> None:
        """Send alerts, each its labels."""
        asked(f"{self.url}/api/v2/alerts", [{"labels": dict(labels)} for labels in alerts])

    def silenced(self) -> dict[str, bool]:
        """Alerts (name, and function where it has one) → whether another inhibits it."""
        return {
            "/".join(filter(None, (one["labels"]["alertname"], one["labels"].get("function")))):
            bool(one["status"]["inhibitedBy"])
            for one in asked(f"{self.url}/api/v2/alerts")
        }  # fmt: skip


def check(*command: str | Path, folder: Path) -> None:
    """Run promtool or amtool, which must be content."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
