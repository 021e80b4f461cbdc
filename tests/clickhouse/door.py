"""ClickHouse's own engine (the package chdb) behind as much of its HTTP interface as we use.

Run by the Python that has chdb: ``python door.py FOLDER PORT``; it prints a line when it listens.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb import session

NOT_SETTINGS = {"default_format", "database", "max_execution_time"}


def _admit(key: str | None) -> None:
    if key != "secret":
        raise PermissionError("Authentication failed")


def main(folder: str, port: int) -> None:
    engine = session.Session(folder)
    engine.query("CREATE DATABASE IF NOT EXISTS tasks")
    engine.query("USE tasks")

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            options = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            sql = self.rfile.read(int(self.headers["Content-Length"])).decode()
            try:
                _admit(self.headers.get("X-ClickHouse-Key"))
                for name, value in options.items():
                    if not name.startswith("param_") and name not in NOT_SETTINGS:
                        engine.query(f"SET {name} = {value}")
                values = {
                    name.removeprefix("param_"): value
                    for name, value in options.items()
                    if name.startswith("param_")
                }
                form = options.get("default_format", "TabSeparated")
                answer = (
                    engine.query(sql, form, params=values) if values else engine.query(sql, form)
                )
                status, body = 200, answer.bytes() or b""
            except Exception as error:
                status, body = 500, str(error).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", port), Door)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
