"""What one `gearmang serve` was told: where to look, what to show, who may act."""

from __future__ import annotations

from dataclasses import dataclass, field

from gearmang.protocol.server import Server
from gearmang.web.access import Access

DEFAULT_INTERVAL = 10.0  # seconds between two polls
DEFAULT_FUNCTIONS = 10_000  # that /metrics lists, as collectd's MaxFunctions


@dataclass(frozen=True)
class PageSettings:
    """The options of `gearmang serve` that pages and figures depend on.

    Attributes:
        servers: the gearmands that are polled.
        store: address of the dead letters; None shows none.
        records: where task records are; empty shows none.
        samples: the SQLite file of the day's samples; None keeps them in memory.
        interval: seconds between two polls.
        most_functions: that /metrics lists by name; the shortest queues beyond are summed.
        probe: servers that /probe may be asked about, besides ``servers``.
        hide_payloads: show a payload only to who asks for it.
        trace_url: link to a job's trace, with ``{id}`` in it.
        access: who may do what.
    """

    servers: tuple[Server, ...]
    store: str | None = None
    records: tuple[str, ...] = ()
    samples: str | None = None
    interval: float = DEFAULT_INTERVAL
    most_functions: int = DEFAULT_FUNCTIONS
    probe: tuple[Server, ...] = ()
    hide_payloads: bool = False
    trace_url: str | None = None
    access: Access = field(default_factory=Access)
