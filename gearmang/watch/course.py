"""One more look at a server, taken into what is remembered of it: for all who judge movement.

past = continued(past, snapshot, time.time())
flow = flow_of(judge(past), "resize")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gearmang.protocol.exchange import without_collection
from gearmang.watch.fleet import Staff, staff
from gearmang.watch.movement import DEFAULT_WINDOW, Past, follow
from gearmang.watch.poll import Snapshot
from gearmang.watch.waits import keys_by_function


def continued(
    past: Past | None,
    snapshot: Snapshot,
    now: float,
    *,
    window: float = DEFAULT_WINDOW,
    keys: Mapping[str, Sequence[str]] | None = None,
    crowd: Mapping[str, Staff] | None = None,
) -> Past:
    """What is remembered of the server from now on.

    Args:
        past: what was remembered; None at first.
        snapshot: of a poll with ``keys`` and ``workers``; without them less can be judged.
        now: in seconds since the epoch.
        window: seconds over which movement is judged.
        keys: of the snapshot, as `gearmang.watch.waits.keys_by_function` gives them, where the
            caller has them already.
        crowd: of the snapshot, as `gearmang.watch.fleet.staff` gives it, for the same reason.
    """
    with without_collection():
        if keys is None and snapshot.keys is not None:
            keys = keys_by_function(snapshot.keys, snapshot.functions)
        if crowd is None:
            crowd = staff(snapshot.functions, snapshot.connections)
        waiting = [one[0] for one in snapshot.functions if one[1] > one[2] and one[0] in crowd]
        return follow(
            past,
            now,
            snapshot.functions,
            window=window,
            idle={name: crowd[name].idle for name in waiting} if snapshot.connections else None,
            keys=keys,
            pid=snapshot.pid,
            numbers=snapshot.numbers,
        )
