"""Which records have not reached the centre, and sending them again."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from gearmang.records.answers import Rows
from gearmang.records.database import opened
from gearmang.records.errors import RecordsError
from gearmang.records.lines import lines_of
from gearmang.records.sources import find

RESHIPPED = "reshipped-{now:%Y%m%d%H%M%S}.jsonl"
_SENT = re.compile(r"/reshipped-([0-9]{14})\.jsonl$")
MODE = 0o640
LONGEST_SHIPPED = 60_000  # bytes; the shippers of packaging/ take 64 KiB with their own header
GIVEN_UP = timedelta(days=1)  # by then what was sent again has arrived, or is lost again


class Reshipped(NamedTuple):
    """What was sent again.

    Attributes:
        path: the new file; None when there was nothing to send.
        sent: how many records it holds.
        under_way: how many were sent again before and have not had their time.
        too_long: event_ids of records that no shipper takes.
    """

    path: Path | None
    sent: int
    under_way: int
    too_long: tuple[str, ...]


class ShipCheck(NamedTuple):
    """How the centre compares with what was written here.

    Attributes:
        written, arrived: how many different records each side has.
        missing: event_id, ts, host and task of what the centre has not.
        twice: how many records the centre has more than once.
        lag: by host and task, the newest record at the centre and here.
        newest_at_centre: when the newest of them was started; None where there is none.
    """

    written: int
    arrived: int
    missing: Rows
    twice: int
    lag: Rows
    newest_at_centre: datetime | None


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
        ((arrived, twice, newest),) = database.ask(
            """
            SELECT count(*), count(*) FILTER (copies > 1), max(ts)
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
    return ShipCheck(written, arrived, missing, twice, lag, newest)


def reship(
    local: Sequence[str],
    folder: Path,
    missing: Sequence[str],
    now: datetime,
    newest_at_centre: datetime | None,
) -> Reshipped:
    """Write the missing records to a new file in the folder that the shipper watches.

    What was sent again before is left alone until it has had its time: until the centre has records
    that are newer than that sending, or a day later. So a run in an outage doubles nothing.

    Args:
        local: where the records were written.
        folder: where the new file goes.
        missing: their event_ids.
        now: names the file; in UTC.
        newest_at_centre: when the newest record there was started, in UTC without a zone.

    Raises:
        RecordsError: it cannot be written, or not all the records are there any more.
    """
    under_way = _under_way([*local, str(folder)], now, newest_at_centre)
    wanted = {identity.encode(): None for identity in missing if identity not in under_way}
    waiting = len(missing) - len(wanted)
    if not wanted:
        return Reshipped(None, 0, waiting, ())
    target = folder / RESHIPPED.format(now=now)
    # Written under a name that no shipper watches, then renamed: it appears as a whole.
    part = target.with_suffix(".part")
    sent, too_long = 0, []
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        with open(descriptor, "wb") as out:  # noqa: PTH123  # a descriptor
            os.fchmod(descriptor, MODE)  # whatever the umask is
            for identity, line in lines_of(local):
                if identity in wanted:
                    del wanted[identity]
                    if len(line) > LONGEST_SHIPPED:
                        too_long.append(identity.decode("ascii", "backslashreplace"))
                    else:
                        out.write(line)
                        sent += 1
        if wanted:
            raise RecordsError(f"{len(wanted)} missing records are no longer in {', '.join(local)}")
        if sent:
            part.rename(target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        part.unlink(missing_ok=True)
    return Reshipped(target if sent else None, sent, waiting, tuple(too_long))


def _unwritable(target: Path, error: OSError) -> RecordsError:
    return RecordsError(f"cannot write {target}: {error.strerror}; name another folder")


def _under_way(places: Sequence[str], now: datetime, newest_at_centre: datetime | None) -> set[str]:
    """The event_ids that were sent again and have not had their time."""
    found: set[str] = set()
    for path in find(places, may_be_empty=True).lines:
        named = _SENT.search(path)
        if named is None:
            continue
        at = datetime.strptime(named[1], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        newest = newest_at_centre.replace(tzinfo=timezone.utc) if newest_at_centre else None
        if now - at < GIVEN_UP and (newest is None or newest <= at):
            found |= {identity.decode("ascii", "replace") for identity, _ in lines_of([path])}
    return found
