"""A real Icinga 2 makes services of a host's variables and runs every check from them."""

import json
from pathlib import Path

from tests.daemons.gearmand import Gearmand
from tests.daemons.gearmang import BIN
from tests.daemons.icinga2 import Icinga2
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.test_shipped_configuration import ICINGA

# As many variables as there are, and as few.
HOSTS = """
object Host "full" {{
  address = "127.0.0.1"
  check_command = "gearmang_server"
  check_interval = 1s
  vars.gearmang = true
  vars.gearmang_port = {port}
  vars.gearmang_flow_state = "{folder}/full.json"
  vars.gearmang_flow_window = "10m"
  vars.gearmang_flow_age = ",500ms"
  vars.gearmang_functions = [ "resize", "mail" ]
  vars.gearmang_queues["resize"] = {{ gearmang_queues_critical = "2" }}
  vars.gearmang_queues["nothing*"] = {{ gearmang_queues_no_perfdata = true }}
  vars.gearmang_queues["a!b$c=d"] = {{ gearmang_queues_critical = "1" }}
  vars.gearmang_echo_function = "echo"
  vars.gearmang_store = "{folder}/no.db"
  vars.gearmang_records = "{folder}/nowhere"
  vars.gearmang_objective = "99.5"
  vars.gearmang_minutes = "{folder}/tasks.minutes"
}}
// It has no IPv4 address.
object Host "six" {{
  address6 = "::1"
  check_command = "dummy"
  vars.gearmang = true
  vars.gearmang_port = {port}
  vars.gearmang_flow_state = "{folder}/six.json"
}}
object Service "by-director" {{
  host_name = "six"
  check_command = "director_gearmang_server"
  check_interval = 1s
}}
object Host "bare" {{
  address = "127.0.0.1:{port}"
  check_command = "dummy"
  vars.gearmang_flow_state = "{folder}/bare.json"
  vars.gearmang_flow_window = "3s"
  vars.gearmang = true
}}
"""
SAID = {
    ("full", "gearman-queue-resize"): ("CRITICAL", "resize has 3 waiting (limit 2)"),
    ("full", "gearman-queue-a%21b$c=d"): ("CRITICAL", "a!b$c=d has 2 waiting (limit 1)"),
    ("full", "gearman-queue-nothing*"): ("UNKNOWN", "no function matches nothing*"),
    ("full", "gearman-workers"): ("CRITICAL", "mail is unknown"),
    ("full", "gearman-uptime"): ("WARNING", "1 worker of resize without a readable id"),
    ("full", "gearman-server"): ("WARNING", "logs at ERROR"),
    ("full", "gearman-roundtrip"): ("CRITICAL", "no worker serves echo"),
    ("full", "gearman-dead-letters"): ("CRITICAL", "no.db"),
    ("full", "gearman-tasks"): ("CRITICAL", "nowhere"),
    ("full", "gearman-objective"): ("CRITICAL", "nowhere"),
    ("full", ""): ("UP", "logs at ERROR"),  # its own check, at its own port
    ("full", "gearman-flow"): ("UNKNOWN", "its jobs do not tell since when they wait"),
    ("bare", "gearman-flow"): ("CRITICAL", "is stuck: nothing moves, and workers are idle"),
    ("bare", "gearman-queues"): ("OK", "2 queues, 5 waiting"),
    ("bare", "gearman-workers"): ("OK", "1 worker for 2 functions"),
    ("bare", "gearman-uptime"): ("WARNING", "1 worker of resize without a readable id"),
    ("bare", "gearman-server"): ("WARNING", "logs at ERROR"),
}

SAID.update(
    {
        ("six", service): ("CRITICAL", "[::1]:{port} ")
        for service in (
            "gearman-flow",
            "gearman-queues",
            "gearman-workers",
            "gearman-uptime",
            "gearman-server",
            "by-director",
        )
    }
)


def director_command(check: str) -> str:
    """A command of the basket as Icinga Director renders it for Icinga."""
    command = json.loads((ICINGA / "director-basket.json").read_text())["Command"][check]
    lines = [f'object CheckCommand "director_{check}" {{']
    lines.append(f'  command = [ PluginDir + "/{command["command"]}" ]')
    lines.append("  arguments = {")
    for flag, attributes in command["arguments"].items():
        lines.append(f'    "{flag}" = {{')
        for name, value in attributes.items():
            written = f"{{{{ {value['body']} }}}}" if isinstance(value, dict) else json.dumps(value)
            lines.append(f"      {name} = {written}")
        lines.append("    }")
    lines.append("  }")
    lines += [f"  vars.{name} = {json.dumps(value)}" for name, value in command["vars"].items()]
    return "\n".join([*lines, "}", ""])


def test_every_check_runs_with_the_variables_of_its_host(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts.conf"
    hosts.write_text(
        director_command("gearmang_server") + HOSTS.format(port=gearmand.port, folder=tmp_path)
    )
    often = tmp_path / "services.conf"  # the shipped services, each second instead of each minute
    shipped = (ICINGA / "gearmang-services.conf").read_text()
    often.write_text(shipped.replace("= 1m", "= 1s").replace("= 30s", "= 1s"))
    files = [ICINGA / "gearmang-commands.conf", often, hosts]
    with Registrations(gearmand) as there, Icinga2(tmp_path, files, plugins=BIN) as icinga:
        there.worker([b"resize", b"a!b$c=d"])
        there.submit(b"resize", 3)
        there.submit(b"a!b$c=d", 2)
        for (host, service), (state, says) in SAID.items():
            output = icinga.await_state(host, service, state)[1]
            assert says.format(port=gearmand.port) in output
        checked = {key for key in icinga.states() if key[1] or key[0] == "full"}
        assert checked == SAID.keys()
