"""The figures of workers as OpenMetrics text, over HTTP."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from gearmang.worker.loop import Loop
from gearmang.worker.metrics import MOST_READERS, Figures, MetricsServer, NoMetrics, exposition
from tests.daemons.process import free_port


def test_the_text_is_read_by_prometheus_own_parser() -> None:
    text = exposition([Figures("resize", 7, 2, 1, 4, 3, 8), Figures('odd "\\\n', 1)])

    samples = {
        (sample.name, sample.labels["function"]): sample.value
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # it has no types
        for sample in family.samples
    }
    assert samples["gearmang_worker_done_total", "resize"] == 7
    assert samples["gearmang_worker_deaths_total", "resize"] == 1
    assert samples["gearmang_worker_busy", "resize"] == 3
    assert samples["gearmang_worker_done_total", 'odd "\\\n'] == 1


class Served:
    """A server in a loop of its own thread."""

    def __init__(self) -> None:
        self.port = free_port()
        self.loop = Loop()
        self.server = MetricsServer(f"127.0.0.1:{self.port}", self.loop, lambda: "x 1\n# EOF\n")
        self._over = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over:
            self.loop.wait(0.05)

    def stop(self) -> None:
        self._over = True
        self._thread.join()
        self.server.close()
        self.loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.stop()


def scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        return str(answer.read().decode())


def test_it_answers_one_scrape_after_another(served: Served) -> None:
    assert [scrape(served.port) for _ in range(3)] == ["x 1\n# EOF\n"] * 3


def test_readers_who_never_ask_keep_nobody_out(served: Served) -> None:
    silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(MOST_READERS * 2)]

    assert scrape(served.port) == "x 1\n# EOF\n"
    for one in silent:
        one.close()


def test_one_who_sends_without_end_is_cut_off(served: Served) -> None:
    flood = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    with flood, pytest.raises(OSError):  # noqa: PT011  # a reset, or a broken pipe
        flood.sendall(b"x" * 20_000_000)

    assert scrape(served.port) == "x 1\n# EOF\n"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:none", "192.0.2.1:1", ":99999"])
def test_an_address_that_cannot_be_is_told_in_one_sentence(address: str) -> None:
    loop = Loop()
    with pytest.raises(NoMetrics, match="figures cannot be served on"):
        MetricsServer(address, loop, lambda: "")
    loop.close()
