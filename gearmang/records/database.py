"""DuckDB over the records: opened for one question, in memory."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from gearmang.records.answers import Rows
from gearmang.records.dialect import DUCKDB
from gearmang.records.errors import RecordsError
from gearmang.records.gathering import gathered
from gearmang.records.seeking import narrowed
from gearmang.records.sources import RecordFiles, find, url_to_fs
from gearmang.records.tables import statements

ERASE_LINE = "\r\x1b[2K"
SETTINGS = {
    "memory_limit": "700MB",  # what does not fit goes to a temporary folder
    "preserve_insertion_order": "false",  # takes memory; every query says its order
    "autoinstall_known_extensions": "false",  # nothing is fetched while a question is answered
}


class Database:
    """The views ``lines``, ``records`` and ``tasks``; see `gearmang.records.tables`."""

    dialect = DUCKDB

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._sources: dict[str, RecordFiles] = {}
        self.left_out: dict[str, str] = {}
        """Files that could not be read, and why; no answer has their records."""

    def add(self, sources: RecordFiles, prefix: str = "") -> None:
        """Make the views of the files, their names after the prefix."""
        self._sources[prefix] = sources
        for protocol in {path.partition("://")[0] for path in sources.all if "://" in path}:
            # Through fsspec, which needs no extension of DuckDB to be fetched.
            self._connection.register_filesystem(url_to_fs(f"{protocol}://")[0])
        self._run(lambda: statements(self._sources[prefix], prefix), ())

    def _leave_out(self, reason: str) -> bool:
        """Do without the file that DuckDB complains of, if it is one of a folder's."""
        for prefix, sources in self._sources.items():
            for path in sorted(sources.all, key=len, reverse=True):
                if path in reason and path not in sources.named:
                    self.left_out[path] = reason.split("\n")[0]
                    self._sources[prefix] = sources.without(path)
                    return True
        return False

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """Run one query.

        A file that cannot be read, half a .gz or one without permission, is left out and named in
        `left_out`; the others are asked again.

        Raises:
            RecordsError: DuckDB refuses it, or a file that the user named cannot be read.
        """
        return self._run(lambda: sql, parameters)

    def _run(self, sql: Callable[[], str], parameters: Sequence[object]) -> Rows:
        import duckdb

        try:
            cursor = self._connection.execute(sql(), list(parameters))
            columns = tuple(column[0] for column in cursor.description or ())
            rows = cursor.fetchall() if columns else []
        except duckdb.Error as error:
            if self._leave_out(str(error)):
                for prefix in self._sources:
                    self._run(lambda prefix=prefix: statements(self._sources[prefix], prefix), ())  # type: ignore[misc]  # binds the loop's variable
                return self._run(sql, parameters)
            raise RecordsError(f"DuckDB: {' '.join(str(error).split())}") from None
        if sys.stdout.isatty():
            sys.stdout.write(ERASE_LINE)  # where DuckDB's progress bar was
        return Rows(columns, rows)


@contextmanager
def opened(
    places: Sequence[str], since: datetime | None = None, *, of_id: str | None = None
) -> Iterator[Database]:
    """The records in the places, as a `Database`.

    Args:
        since: leave files out that were over then.
        of_id: only records whose id starts so are asked for.

    Raises:
        RecordsError: nothing to read there, or DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise RecordsError(
            "reading records needs DuckDB: pip install 'gearmang[analytics]'"
        ) from None

    sources = find(places, since)
    with (
        tempfile.TemporaryDirectory(prefix="gearmang-records-") as overflow,
        duckdb.connect(config={**SETTINGS, "temp_directory": overflow}) as connection,
    ):
        if of_id is not None:
            sources = narrowed(sources, of_id, Path(overflow))
        sources = gathered(sources, Path(overflow))
        database = Database(connection)
        database.ask("SET TimeZone = 'UTC'")  # of a time without an offset
        # DuckDB draws its bar on standard output, whoever reads there.
        database.ask(f"SET enable_progress_bar = {sys.stdout.isatty()}")
        database.add(sources)
        yield database
