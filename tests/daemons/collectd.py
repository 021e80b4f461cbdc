"""A real collectd (Debian's collectd-core) that runs the plugin with Debian's Python."""

import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.daemons.process import Process, await_that, free_port

PROGRAM = "/usr/sbin/collectd"
ROOT = Path(__file__).parents[2]
HOSTNAME = "here"

_CONFIGURATION = """\
Hostname "{hostname}"
FQDNLookup false
BaseDir "{folder}"
PIDFile "{folder}/collectd.pid"
TypesDB "/usr/share/collectd/types.db"
Interval {interval}

LoadPlugin logfile
<Plugin logfile>
  LogLevel info
  File stdout
  Timestamp false
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "{folder}/csv"
</Plugin>
LoadPlugin write_prometheus
<Plugin write_prometheus>
  Host "127.0.0.1"
  Port "{port}"
  StalenessDelta {staleness}
</Plugin>
LoadPlugin python
<Plugin python>
  ModulePath "{root}"
  LogTraces true
  Import "collectd_plugin"
  <Module collectd_plugin>
{servers}
{options}
  </Module>
</Plugin>
{more}
"""


class Collectd(Process):
    """collectd with the plugin, csv and write_prometheus, ready once it serves metrics.

    Args:
        folder: where its files go.
        servers: addresses to poll.
        options: further lines of the module's block, ``Timeout 1`` for one.
        interval: seconds between two reads.
        more: further lines of collectd's configuration.
    """

    def __init__(
        self,
        folder: Path,
        servers: Sequence[str] = (),
        *,
        options: Sequence[str] = (),
        interval: float = 1.0,
        more: str = "",
    ) -> None:
        self.folder = folder / f"collectd-{id(self)}"
        self.folder.mkdir(parents=True)
        self.prometheus_port = free_port()
        self.configuration = self.folder / "collectd.conf"
        self.configuration.write_text(
            _CONFIGURATION.format(
                hostname=HOSTNAME,
                folder=self.folder,
                interval=interval,
                staleness=10,
                port=self.prometheus_port,
                root=ROOT,
                servers="\n".join(f'    <Server "{one}">\n    </Server>' for one in servers),
                options="\n".join(f"    {line}" for line in options),
                more=more,
            )
        )
        super().__init__([PROGRAM, "-f", "-C", self.configuration], self.folder / "collectd.log")

    def await_ready(self) -> None:
        await_that(self._serves, f"collectd serves metrics on {self.prometheus_port}")

    def _serves(self) -> bool:
        self.require_running()
        try:
            self.metrics()
        except OSError:
            return False
        return True

    def metrics(self) -> str:
        """What write_prometheus serves now."""
        address = f"http://127.0.0.1:{self.prometheus_port}/metrics"
        with urllib.request.urlopen(address, timeout=5) as reply:  # our own http
            text: str = reply.read().decode()
            return text

    def csv_values(self, series: str, plugin_instance: str = "*") -> list[float]:
        """The values written so far for a series such as ``gauge-up``, oldest first."""
        found = []
        pattern = f"csv/{HOSTNAME}/gearman-{plugin_instance}/{series}-20*"
        for file in sorted(self.folder.glob(pattern)):
            lines = file.read_text().splitlines()[1:]
            found += [float(line.split(",")[1]) for line in lines if line.count(",") == 1]
        return found
