"""Which records have not reached the centre, and sending them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from gearmang.records.database import Rows, opened
from gearmang.records.errors import RecordsError
from gearmang.records.sources import find

RESHIPPED = "reshipped-{now:%Y%m%d%H%M%S}.jsonl"


class ShipCheck(NamedTuple):
    """How the centre compares with what was written here.

    Attributes:
        written, arrived: how many different records each side has.
        missing: event_id, ts, host and task of what the centre has not.
        twice: how many records the centre has more than once.
        lag: by host and task, the newest record at the centre and here.
    """

    written: int
    arrived: int
    missing: Rows
    twice: int
    lag: Rows


def ship_check(
    local: Sequence[str], central: Sequence[str], *, before: datetime, since: datetime | None
) -> ShipCheck:
    """Compare by event_id.

    Args:
        local: where the records were written.
        central: where they were shipped to; a folder that is empty has none of them.
        before: leave out what started later, which may be on its way.
        since: leave out what started earlier.

    Raises:
        RecordsError: nothing to read.
    """
    with opened(local, since) as database:
        database.add(find(central, since, may_be_empty=True), prefix="central_")
        values = [before.replace(tzinfo=None), since.replace(tzinfo=None) if since else None]
        database.ask(
            """
            CREATE TEMP TABLE here AS
            SELECT event_id, ts, host, coalesce(task, logger) AS task FROM records
            WHERE ts < $1 AND ($2 IS NULL OR ts >= $2)
            """,
            values,
        )
        database.ask(
            """
            CREATE TEMP TABLE there AS
            SELECT event_id, any_value(ts) AS ts, any_value(host) AS host,
                   any_value(coalesce(task, logger)) AS task, count(*) AS copies
            FROM central_lines WHERE event_id IS NOT NULL GROUP BY event_id
            """
        )
        ((written,),) = database.ask("SELECT count(*) FROM here").rows
        ((arrived, twice),) = database.ask(
            """
            SELECT count(*), count(*) FILTER (copies > 1)
            FROM there SEMI JOIN here USING (event_id)
            """
        ).rows
        missing = database.ask(
            """
            SELECT event_id, ts, host, task FROM here ANTI JOIN there USING (event_id)
            ORDER BY ts, event_id
            """
        )
        lag = database.ask(
            """
            SELECT here.host, here.task, max(there.ts) AS newest_at_centre,
                   max(here.ts) AS newest_here,
                   round(epoch(max(here.ts)) - epoch(max(there.ts)), 3) AS behind_s,
                   count(*) FILTER (there.event_id IS NULL) AS missing
            FROM here LEFT JOIN there USING (event_id)
            GROUP BY ALL ORDER BY missing DESC, here.host, here.task
            """
        )
    return ShipCheck(written, arrived, missing, twice, lag)


def reship(local: Sequence[str], folder: Path, missing: Sequence[str], now: datetime) -> Path:
    """Write the missing records to a new file in the folder that the shipper watches.

    Args:
        local: where the records were written.
        folder: where the new file goes.
        missing: their event_ids.
        now: names the file.

    Returns:
        The file.

    Raises:
        RecordsError: it cannot be written, or not all the records are there any more.
    """
    from gearmang.records.lines import lines_of

    wanted = {identity.encode(): None for identity in missing}
    target = folder / RESHIPPED.format(now=now)
    # Written under a name that no shipper watches, then renamed: it appears as a whole.
    part = target.with_suffix(".part")
    try:
        with part.open("xb") as out:
            for identity, line in lines_of(local):
                if identity in wanted:
                    del wanted[identity]
                    out.write(line)
            out.flush()
        if wanted:
            raise RecordsError(f"{len(wanted)} missing records are no longer in {', '.join(local)}")
        part.rename(target)
    except OSError as error:
        raise RecordsError(
            f"cannot write {target}: {error.strerror}; name another folder"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return target
