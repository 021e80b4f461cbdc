"""A real Icinga 2 makes services of a host's variables and runs every check from them."""

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
  check_command = "dummy"
  vars.gearmang = true
  vars.gearmang_port = {port}
  vars.gearmang_functions = [ "resize", "mail" ]
  vars.gearmang_queues["resize"] = {{ gearmang_queues_critical = "2" }}
  vars.gearmang_queues["nothing*"] = {{ gearmang_queues_no_perfdata = true }}
  vars.gearmang_echo_function = "echo"
  vars.gearmang_store = "{folder}/no.db"
  vars.gearmang_records = "{folder}/nowhere"
}}
object Host "bare" {{
  address = "127.0.0.1:{port}"
  check_command = "dummy"
  vars.gearmang = true
}}
"""
SAID = {
    ("full", "gearman-queue-resize"): ("CRITICAL", "resize has 3 waiting (limit 2)"),
    ("full", "gearman-queue-nothing*"): ("UNKNOWN", "no function matches nothing*"),
    ("full", "gearman-workers"): ("CRITICAL", "mail is unknown"),
    ("full", "gearman-uptime"): ("WARNING", "1 worker of resize without a readable id"),
    ("full", "gearman-server"): ("WARNING", "logs at ERROR"),
    ("full", "gearman-roundtrip"): ("CRITICAL", "no worker serves echo"),
    ("full", "gearman-dead-letters"): ("CRITICAL", "no.db"),
    ("full", "gearman-tasks"): ("CRITICAL", "nowhere"),
    ("bare", "gearman-queues"): ("OK", "1 queue, 3 waiting"),
    ("bare", "gearman-workers"): ("OK", "1 worker for 1 function"),
    ("bare", "gearman-uptime"): ("WARNING", "1 worker of resize without a readable id"),
    ("bare", "gearman-server"): ("WARNING", "logs at ERROR"),
}


def test_every_check_runs_with_the_variables_of_its_host(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts.conf"
    hosts.write_text(HOSTS.format(port=gearmand.port, folder=tmp_path))
    often = tmp_path / "services.conf"  # the shipped services, each second instead of each minute
    shipped = (ICINGA / "gearmang-services.conf").read_text()
    often.write_text(shipped.replace("= 1m", "= 1s").replace("= 30s", "= 1s"))
    files = [ICINGA / "gearmang-commands.conf", often, hosts]
    with Registrations(gearmand) as there, Icinga2(tmp_path, files, plugins=BIN) as icinga:
        there.worker([b"resize"])
        there.submit(b"resize", 3)
        for (host, service), (state, says) in SAID.items():
            output = icinga.await_state(host, service, state)[1]
            assert says in output
        assert icinga.states().keys() == SAID.keys()
