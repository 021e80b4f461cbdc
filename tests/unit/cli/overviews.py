"""An overview of two servers, one of them lost, to show in tests."""

from gearmang.protocol import FunctionStatus, Peer, Unreachable
from gearmang.protocol.server import Server
from gearmang.watch.overview import Overview, overview
from gearmang.watch.poll import Snapshot

NOW = 1_800_000_000.0
SERVERS = (Server("gm1"), Server("gm2"), Server("gm3"))


def an_overview(functions: int = 3) -> Overview:
    """gm1 and gm2 answer, gm3 is lost; function-0 has the longest queue."""
    statuses = [FunctionStatus(f"function-{at}", 100 - at, 1, 1) for at in range(functions)]
    connections = tuple(
        Peer(at, "127.0.0.1", f"{one.name}@host:{at + 1}+{int(NOW) - 60 * at}", (one.name,))
        for at, one in enumerate(statuses)
    )
    first = Snapshot(SERVERS[0], tuple(statuses), connections, "1.1.20", 7, 0.001)
    extra = FunctionStatus("evil\x1b[2J", 5, 0, 0)
    second = Snapshot(SERVERS[1], (statuses[0], extra), (), "1.1.20", 8, 0.002)
    return overview([first, second, Unreachable(SERVERS[2], "refused the connection")], NOW)
