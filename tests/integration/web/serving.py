"""``gearmang serve`` as people start it."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.daemons.gearmang import BIN
from tests.daemons.process import Process, await_that, free_port

TIMEOUT = 10.0  # seconds for one answer


class Serve(Process):
    """The page on a free port of 127.0.0.1, polling often; ready once it answers."""

    def __init__(
        self,
        folder: Path,
        *options: str | Path,
        store: str | Path = "none",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(
            [
                *(BIN / "gearmang", "serve", "--listen", f"127.0.0.1:{self.port}"),
                *("--interval", "200ms", "--samples", folder / "samples.db", "--store", store),
                *options,
            ],
            folder / f"serve-{self.port}.log",
            {**os.environ, **(environment or {})},
        )

    def await_ready(self) -> None:
        await_that(self._answers, f"gearmang serve answers on {self.url}")

    def _answers(self) -> bool:
        self.require_running()
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def get(self, path: str, headers: Mapping[str, str] = {}) -> tuple[int, str]:
        """Status and body of a page."""
        request = urllib.request.Request(self.url + path, headers=dict(headers))  # noqa: S310 # ours
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 # ours
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def post(
        self, path: str, fields: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] = {}
    ) -> tuple[int, str]:
        """Status and body of what a form leads to."""
        data = urllib.parse.urlencode(list(fields)).encode()
        request = urllib.request.Request(self.url + path, data, dict(headers))  # noqa: S310 # ours
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 # ours
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def document(self, path: str) -> Any:
        """The JSON document of a door."""
        return json.loads(self.get(path)[1])
