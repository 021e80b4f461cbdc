"""Where ClickHouse is, what is sent to it, and what its answers are taken for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from gearmang.records.clickhouse import ClickHouse, Door
from gearmang.records.errors import RecordsError

TEN = datetime.fromisoformat("2026-11-24 10:00:00")


class Answerer(HTTPServer):
    """Answers each request with the same, and keeps what it was asked."""

    status = 200
    answer = b'{"meta":[],"data":[]}'
    asked = ""
    options: dict[str, list[str]]
    key: str | None = None


class _Handler(BaseHTTPRequestHandler):
    server: Answerer

    def do_POST(self) -> None:
        server = self.server
        server.options = parse_qs(urlsplit(self.path).query)
        server.key = self.headers["X-ClickHouse-Key"]
        server.asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(server.answer)))
        self.end_headers()
        self.wfile.write(server.answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[tuple[Answerer, ClickHouse]]:
    with Answerer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            address = f"clickhouse://ann:p%40ss@127.0.0.1:{server.server_port}/tasks"
            yield server, ClickHouse(Door.parse(address), timeout=5)
        finally:
            server.shutdown()
            thread.join()


def test_an_address_is_read_and_shown_without_its_password() -> None:
    found = Door.parse("clickhouse://ann:p%40ss@db.example.net/tasks?secure=1")
    assert found == ("db.example.net", 8443, "ann", "p@ss", "tasks", True)
    assert str(found) == "clickhouse://ann@db.example.net:8443/tasks"


def test_the_password_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEARMANG_CLICKHOUSE_PASSWORD", "secret")
    assert Door.parse("clickhouse://db")[3] == "secret"


@pytest.mark.parametrize("place", ["clickhouse://", "clickhouse://db:port/x"])
def test_what_is_no_address_is_refused(place: str) -> None:
    with pytest.raises(RecordsError):
        Door.parse(place)


def test_values_are_bound_by_name_and_marks_in_texts_are_none() -> None:
    with serving() as (server, engine):
        engine.ask("SELECT '?', \"a?\" WHERE x = ? AND ts >= ?", ["it's\t\\?", TEN])
        assert server.asked == (
            "SELECT '?', \"a?\" WHERE x = {p0:String} AND ts >= {p1:DateTime64(6, 'UTC')}"
        )
        assert server.options["param_p0"] == ["it's\\t\\\\?"]
        assert server.options["param_p1"] == ["2026-11-24 10:00:00.000000"]
        assert (server.key, server.options["database"]) == ("p@ss", ["tasks"])


def test_values_come_as_python_has_them() -> None:
    with serving() as (server, engine):
        server.answer = (
            b'{"meta":[{"name":"ts","type":"Nullable(DateTime64(6, \'UTC\'))"},'
            b'{"name":"n","type":"Float64"},{"name":"p","type":"Array(Float64)"},'
            b'{"name":"none","type":"Nullable(String)"}],'
            b'"data":[["2026-11-24 10:00:00.500000","nan",[1,2.5],null]]}'
        )
        ((ts, number, many, none),) = engine.ask("SELECT 1").rows
    assert ts == TEN.replace(microsecond=500_000)
    assert number != number
    assert (many, none) == ([1.0, 2.5], None)


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (500, b"Code: 60. DB::Exception: Unknown table\nstack", "Unknown table"),
        (200, b'{"meta":[{"name":"a","type":"String"}],"data":[["x"],\nCode: 241', "Code: 241"),
        (200, b"", "no reason told"),
    ],
)
def test_what_is_no_whole_answer_is_an_error(status: int, answer: bytes, told: str) -> None:
    with serving() as (server, engine):
        server.status, server.answer = status, answer
        with pytest.raises(RecordsError, match=told) as found:
            engine.ask("SELECT 1")
    assert "p@ss" not in str(found.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with serving() as (_, engine):
        pass
    with pytest.raises(RecordsError, match=r"ann@127\.0\.0\.1.* does not answer"):
        engine.ask("SELECT 1")
