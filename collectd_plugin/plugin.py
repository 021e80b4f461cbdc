"""collectd's callbacks: read the configuration, poll, dispatch, tell when a server is lost."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable
from typing import Any

from collectd_plugin import report
from collectd_plugin.memory import Changes
from collectd_plugin.names import Names
from collectd_plugin.options import (
    SHORTEST_INTERVAL,
    ConfigNode,
    PluginOptions,
    read_options,
)
from collectd_plugin.selection import Reported, select
from collectd_plugin.trial import fail, is_a_trial
from collectd_plugin.watched import Watched, without_idle
from gearmang.errors import GearmangError
from gearmang.protocol.entries import FunctionStatus
from gearmang.protocol.errors import AdminError
from gearmang.protocol.exchange import without_collection
from gearmang.terminal import clean
from gearmang.watch.course import continued
from gearmang.watch.fleet import Staff, fleet, staff
from gearmang.watch.movement import judge
from gearmang.watch.poll import Snapshot, poll
from gearmang.watch.waits import keys_by_function, oldest_running, oldest_waiting

PLUGIN = "gearman"
SHARE_OF_INTERVAL = 0.8  # that a poll may take, where Timeout is longer than the interval
DEAD_LETTERS = "dead_letters"  # the plugin_instance of the store's values


class Plugin:
    """The plugin inside one collectd.

    Args:
        collectd: the module that the daemon provides.
    """

    def __init__(self, collectd: Any) -> None:
        self._collectd = collectd
        self._nodes: list[ConfigNode] = []
        self._options = PluginOptions()
        self._watched: list[Watched] = []
        self._said: set[str] = set()
        self._store_names = Names()
        self._started = time.time()
        self._last_read: float | None = None
        self._interval = math.inf

    def register(self) -> None:
        """Ask collectd to be called."""
        # The name of the <Module> block; by default it would be this file's.
        self._collectd.register_config(self.configure, name="collectd_plugin")
        self._collectd.register_init(self.begin)

    def configure(self, node: ConfigNode) -> None:
        """One ``<Module>`` block; what is wrong is told by `begin`, so that collectd starts."""
        self._nodes.extend(node.children)

    def begin(self) -> None:
        """Read the options; poll from now on, or not at all when one of them cannot be used."""
        try:
            self._options = options = read_options(self._nodes)
        except GearmangError as error:
            self._refuse(f"gearmang: {clean(str(error))}; until then nothing is polled")
            return
        self._watched = [Watched(server, options) for server in options.servers]
        every = {} if options.interval is None else {"interval": options.interval}
        if self._watched:
            self._collectd.register_read(self.read, name="gearmang", **every)
        if options.dead_letters:
            self._collectd.register_read(
                self.read_dead_letters,
                data=options.dead_letters,
                name="gearmang.dead_letters",
                **every,
            )

    def _refuse(self, text: str) -> None:
        """Say why nothing is polled; to who tests the configuration, on the terminal and by 1."""
        self._collectd.error(text)
        if is_a_trial():
            # The log is a file, or the system's; without one collectd itself writes to stderr.
            print(text, file=sys.stderr, flush=True)
            self._collectd.register_read(fail, name="gearmang")

    def read(self) -> None:
        """Poll all servers once; nothing is raised, which would suspend the reads."""
        with without_collection():
            self._read()

    def _read(self) -> None:
        options, begun = self._options, time.monotonic()
        timeout = self._within_interval(begun)
        try:
            results = poll(
                [one.target for one in self._watched],
                timeout=timeout,
                workers=options.workers,
                priorities=options.priorities,
                jobs=options.jobs,
                most_jobs=options.max_jobs,
                keys=options.flow or options.ages,
                most_keys=options.max_keys,
            )
        except Exception as error:  # no descriptor for the selector, no memory: up is not known
            self._say("poll", f"the poll failed: {type(error).__name__}: {error}")
            return
        self._say("poll")
        took = time.monotonic() - begun
        for watched, result in zip(self._watched, results):
            try:
                self._dispatch(watched.name, [report.Column("duration", [("poll", took)])])
                if isinstance(result, Snapshot):
                    self._found(watched, result)
                else:
                    self._lost(watched, result)
                self._say(f"failed {watched.name}")
            except Exception as error:  # collectd's own: one server must not cost the others
                problem = f"{type(error).__name__}: {error}"
                self._say(f"failed {watched.name}", f"{watched.name} is not reported: {problem}")

    def _within_interval(self, begun: float) -> float:
        """Seconds that a poll may take; collectd does not tell its own interval but by its reads.

        Args:
            begun: when this read began, on the monotonic clock.
        """
        last, self._last_read = self._last_read, begun
        # Reads that took too long are further apart, never closer.
        if last is not None and begun - last >= SHORTEST_INTERVAL:
            self._interval = min(self._interval, begun - last)
        timeout = self._options.timeout
        if timeout < self._interval or self._options.interval is not None:
            return timeout
        shorter = SHARE_OF_INTERVAL * self._interval
        self._say(
            "timeout",
            f"option Timeout is {timeout:g} s, and collectd reads every {self._interval:.3g} s: a "
            f"poll must end before the next one starts, and is given {shorter:.3g} s",
        )
        return shorter

    def _found(self, watched: Watched, snapshot: Snapshot) -> None:
        self._dispatch(watched.name, [report.Column("gauge", [("up", 1)])])
        if watched.up is False:
            self._collectd.notice(f"gearmang: {watched.name} answers again")
            self._notify(watched, self._collectd.NOTIF_OKAY, "answers again")
        watched.up = True
        options, series, wanted = self._options, watched.series, watched.wanted
        selection = select(snapshot.functions, wanted, options.max_functions)
        self._say(
            f"rest {watched.name}",
            f"{watched.name} has {len(selection.rest)} functions more than MaxFunctions "
            f"{options.max_functions}; the shortest queues are summed under _other"
            if selection.rest
            else "",
        )
        self._say(
            f"jobs {watched.name}",
            f"{watched.name} has more jobs than MaxJobs {options.max_jobs}; they are not listed"
            if options.jobs and snapshot.jobs is None
            else "",
        )
        changes = watched.memory.learn(
            time.monotonic(),
            snapshot.pid,
            selection.listed,
            unlisted=selection.rest,
            jobs=snapshot.jobs,
            numbers=snapshot.numbers,
        )
        now = time.time()
        told = options.workers and snapshot.tells_workers
        crew = fleet(snapshot.connections) if told else None
        crowd = staff(snapshot.functions, snapshot.connections) if told else None
        if not options.idle:
            selection = without_idle(selection, watched)
        self._dispatch(watched.name, report.of_server(snapshot, changes, crew))
        self._dispatch(
            watched.name,
            report.of_functions(selection, changes, crew, series, now, crowd),
        )
        self._report_time(watched, snapshot, selection, changes, crowd, now)
        if snapshot.priorities is not None:
            chosen = [one for one in snapshot.priorities if wanted[one.name]]
            self._dispatch(watched.name, report.of_priorities(chosen, selection, changes, series))
        watched.forget(len(snapshot.functions))

    def _report_time(
        self,
        watched: Watched,
        snapshot: Snapshot,
        selection: Reported,
        changes: Changes,
        crowd: dict[str, Staff] | None,
        now: float,
    ) -> None:
        """How the queues move, and how long jobs wait and run."""
        options = self._options
        # Of empty queues there is nothing to tell, after one 0 at their end: two series fewer for
        # each of thousands of functions.
        told = [one for one in selection.listed if one[1] > one[2]]
        waiting = {one[0] for one in told}
        over = watched.waited - waiting
        gone = over.intersection(changes.vanished)
        over -= gone | selection.rest
        told += [FunctionStatus(name, 0, 0, 0) for name in over]
        watched.waited = waiting
        keys = None
        if snapshot.keys is not None:
            keys = keys_by_function(snapshot.keys, snapshot.functions)
        if options.flow:
            watched.past = continued(
                watched.past, snapshot, now, window=options.window, keys=keys, crowd=crowd
            )
            flows = judge(watched.past, options.window)
            self._dispatch(watched.name, report.of_flows(told, gone, flows, watched.series))
        if options.ages:
            oldest = oldest_waiting(told, keys or {}, now)
            running = oldest_running(snapshot.connections, now)
            if running:
                mine = {one[0] for one in selection.listed}
                running = {name: age for name, age in running.items() if name in mine}
            self._dispatch(watched.name, report.of_ages(told, oldest, running, watched.series, now))

    def _lost(self, watched: Watched, error: AdminError) -> None:
        self._dispatch(watched.name, [report.Column("gauge", [("up", 0)])])
        if watched.up is not False:
            watched.up = False
            self._collectd.error(f"gearmang: {error}")
            self._notify(watched, self._collectd.NOTIF_FAILURE, error.problem)

    def read_dead_letters(self, store: str) -> None:
        """Count the store's dead letters once; nothing is raised."""
        from gearmang.dead_letters.store.tally import tally

        try:
            counted = tally(store, since=self._started, timeout=self._options.timeout)
            self._dispatch(DEAD_LETTERS, report.of_dead_letters(counted, self._store_names))
            self._say(DEAD_LETTERS)
        except GearmangError as error:
            self._say(DEAD_LETTERS, f"no dead letters are counted: {error}")
        except Exception as error:  # a database's driver may raise anything
            self._say(DEAD_LETTERS, f"no dead letters are counted: {type(error).__name__}: {error}")

    def _dispatch(self, plugin_instance: str, columns: Iterable[report.Column]) -> None:
        values = self._collectd.Values(plugin=PLUGIN, plugin_instance=plugin_instance)
        dispatch = values.dispatch
        for kind, rows in columns:
            values.type = kind
            for instance, number in rows:
                dispatch(type_instance=instance, values=[number])

    def _notify(self, watched: Watched, severity: int, message: str) -> None:
        if not self._options.notifications:
            return
        notification = self._collectd.Notification(
            plugin=PLUGIN,
            plugin_instance=watched.name,
            type="gauge",
            type_instance="up",
            severity=severity,
            message=f"gearmand {watched.name}: {clean(message)}",
        )
        try:
            notification.dispatch()
        except RuntimeError:
            pass  # collectd 5.12 raises it where no plugin takes notifications

    def _say(self, subject: str, text: str = "") -> None:
        """Warn once while a state lasts; an empty text says that it is over."""
        if not text:
            self._said.discard(subject)
        elif subject not in self._said:
            self._said.add(subject)
            self._collectd.warning(f"gearmang: {clean(text)}")
