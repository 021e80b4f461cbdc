"""One server, and what is known of it from earlier reads."""

from __future__ import annotations

from collectd_plugin.memory import Memory
from collectd_plugin.names import SeriesNames
from collectd_plugin.options import NamedTarget, PluginOptions
from collectd_plugin.selection import Reported, Wanted
from gearmang.protocol.entries import FunctionStatus
from gearmang.watch.movement import Past

_KEPT_NAMES = 1_000  # names that are remembered whatever the number of functions


class Watched:
    """One server, and what is known of it from earlier reads."""

    def __init__(self, named: NamedTarget, options: PluginOptions) -> None:
        self.target, self.name = named.target, named.name
        self.memory = Memory(options.stalled_polls)
        self.series = SeriesNames()
        self.wanted = Wanted(options.functions, options.ignored_functions)
        self.up: bool | None = None
        self.past: Past | None = None
        self.waited: set[str] = set()  # functions in which jobs waited at the last read
        self.idle: dict[str, FunctionStatus] = {}  # without jobs, as they were reported last

    def forget(self, functions: int) -> None:
        """Keep what is known of names in proportion: clients can invent them without end."""
        most = _KEPT_NAMES + 2 * functions
        self.series.forget(most)
        if len(self.wanted) > most:
            self.wanted.clear()


def without_idle(selection: Reported, watched: Watched) -> Reported:
    """Without the functions that had no job when they were reported, and are as they were."""
    listed = [one for one in selection.listed if one[1] or watched.idle.get(one[0]) != one]
    watched.idle = {one[0]: one for one in selection.listed if not one[1]}
    return selection._replace(listed=listed)
