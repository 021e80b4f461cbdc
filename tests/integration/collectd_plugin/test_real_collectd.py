"""The plugin inside a real collectd, polling real gearmands to which things happen."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from collectd_plugin.names import series_name
from tests.daemons.collectd import ROOT, Collectd
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.daemons.prometheus import Prometheus
from tests.daemons.registrations import Registrations
from tests.integration.nagios_checks.test_readers import generated

ODD_NAMES = [
    b"a b",
    b"a_b",
    b"t\tab",
    b".",
    b"dir/name",
    b"\xff\xfe",
    b"l" * 200,
    b"n\nl",
    b"_total",
]


def polling(folder: Path, *gearmands: Gearmand) -> Collectd:
    """A collectd that polls twice a second; a busy machine must not look like a lost server."""
    addresses = [gearmand.address for gearmand in gearmands]
    return Collectd(folder, addresses, options=["Timeout 0.45"], interval=0.5)


def series(kind: str, gearmand: Gearmand, name: str) -> str:
    """The beginning of a line of write_prometheus."""
    return f'collectd_gearman_{kind}{{gearman="{gearmand.address}",type="{name}"'


def value(collectd: Collectd, kind: str, gearmand: Gearmand, name: str) -> float | None:
    """The latest value of a series; None where there is none."""
    wanted = series(kind, gearmand, name)
    for line in collectd.metrics().splitlines():
        if line.startswith(wanted):
            return float(line.split()[-2])
    return None


def await_value(
    collectd: Collectd, expected: float, kind: str, gearmand: Gearmand, name: str
) -> None:
    await_that(
        lambda: value(collectd, kind, gearmand, name) == expected,
        f"{series(kind, gearmand, name)} is {expected}",
        timeout=8,
    )


def test_queue_requests_and_threads_are_served_for_a_function(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    with (
        Registrations(gearmand) as made,
        polling(tmp_path, gearmand) as collectd,
    ):
        made.submit(b"resize", 8)
        made.grab(made.worker([b"resize"], b"resize@h:1+%d" % (time.time() - 50)))
        await_value(collectd, 7, "queue_length", gearmand, "resize")
        await_value(collectd, 1, "requests", gearmand, "resize")
        await_value(collectd, 1, "threads", gearmand, "resize")
        await_value(collectd, 7, "gauge", gearmand, "total-waiting")
        age = value(collectd, "duration_seconds", gearmand, "oldest_worker-resize")
        assert age == pytest.approx(50, abs=10)
        await_that(lambda: 7.0 in collectd.csv_values("queue_length-resize"), "csv has it, too")


def test_one_of_two_servers_dies_and_comes_back(
    gearmand: Gearmand, second_gearmand: Gearmand, tmp_path: Path
) -> None:
    with polling(tmp_path, gearmand, second_gearmand) as collectd:
        await_value(collectd, 1, "gauge", gearmand, "up")
        await_value(collectd, 1, "gauge", second_gearmand, "up")
        gearmand.kill()
        await_value(collectd, 0, "gauge", gearmand, "up")
        seen = len(collectd.csv_values("gauge-up", second_gearmand.address))
        await_that(
            lambda: len(collectd.csv_values("gauge-up", second_gearmand.address)) > seen + 3,
            "the other server is reported all the while",
        )
        assert set(collectd.csv_values("gauge-up", second_gearmand.address)) == {1.0}
        gearmand.start()
        await_value(collectd, 1, "gauge", gearmand, "up")
        await_value(collectd, 1, "count", gearmand, "restarts")
    assert collectd.output().count("refused the connection") == 2  # a line and a notification
    assert collectd.output().count(f"{gearmand.address} answers again") == 1


def test_a_frozen_server_is_down_until_it_goes_on(
    gearmand: Gearmand, second_gearmand: Gearmand, tmp_path: Path
) -> None:
    with polling(tmp_path, gearmand, second_gearmand) as collectd:
        await_value(collectd, 1, "gauge", gearmand, "up")
        gearmand.pause()
        await_value(collectd, 0, "gauge", gearmand, "up")
        assert value(collectd, "gauge", second_gearmand, "up") == 1
        gearmand.resume()
        await_value(collectd, 1, "gauge", gearmand, "up")
        assert value(collectd, "count", gearmand, "restarts") == 0
        assert 0.0 not in collectd.csv_values("gauge-up", second_gearmand.address)


def test_a_restarted_gearmand_is_told_by_its_pid(gearmand: Gearmand, tmp_path: Path) -> None:
    with polling(tmp_path, gearmand) as collectd:
        await_value(collectd, 0, "count", gearmand, "restarts")
        gearmand.kill()
        gearmand.start()
        await_value(collectd, 1, "count", gearmand, "restarts")


def test_odd_names_have_a_series_each(gearmand: Gearmand, tmp_path: Path) -> None:
    with (
        Registrations(gearmand) as made,
        polling(tmp_path, gearmand) as collectd,
    ):
        for count, name in enumerate(ODD_NAMES, 1):
            made.submit(name, count)
        total = sum(range(len(ODD_NAMES) + 1))
        await_value(collectd, total, "gauge", gearmand, "total-waiting")

        def series() -> list[tuple[str, str]]:
            return re.findall(r'queue_length\{.*type="(.*?)",.*\} (\d+) ', collectd.metrics())

        # A read is written value by value; the page may be asked for in the middle.
        wanted = [*range(1, len(ODD_NAMES) + 1)]
        await_that(
            lambda: sorted(int(count) for _, count in series()) == wanted, "each has its own"
        )
        assert {"a--20b", "a_b", "t--09ab", "--2E", "dir--2Fname", "--FF--FE", "_total"} < {
            name for name, _ in series()
        }
        await_that(lambda: collectd.csv_values("queue_length-dir--2Fname"), "csv has it, too")


def test_two_thousand_functions_are_reported_in_every_interval(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    with Registrations(gearmand) as made:
        made.worker([b"function-%04d" % number for number in range(2000)])
        with Collectd(tmp_path, [gearmand.address], interval=1) as collectd:
            await_value(collectd, 2000, "gauge", gearmand, "total-registrations")
            each = series("threads", gearmand, "function-").removesuffix('"')
            await_that(lambda: collectd.metrics().count(each) == 2000, "each has its series")
        assert "warning" not in collectd.output().lower()


def test_collectd_stops_within_three_seconds_while_a_server_is_frozen(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    # Polls of 2 s every second: whenever collectd is told to stop, it is in the middle of one.
    with Collectd(tmp_path, [gearmand.address], interval=1) as collectd:
        await_value(collectd, 1, "gauge", gearmand, "up")
        gearmand.pause()
        await_value(collectd, 0, "gauge", gearmand, "up")
        begun = time.monotonic()
        assert collectd.stop() == 0
        assert time.monotonic() - begun < 3


def test_a_bad_option_is_one_line_and_collectd_runs(gearmand: Gearmand, tmp_path: Path) -> None:
    options = ["Timeout soon"]
    with Collectd(tmp_path, [gearmand.address], options=options, interval=0.2) as collectd:
        wanted = "gearmang: option Timeout: 'soon' is no number of 0 or more"
        await_that(lambda: wanted in collectd.output(), "the error is logged")
        assert "collectd_gearman" not in collectd.metrics()
    assert collectd.output().count("gearmang: ") == 1


def test_a_trial_run_with_a_misspelled_option_says_so_and_ends_with_1(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    made = Collectd(tmp_path, [gearmand.address], options=["Timeuot 1"])
    done = subprocess.run(
        ["/usr/sbin/collectd", "-T", "-C", made.configuration],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "\ngearmang: option Timeuot is unknown; the options are Server" in done.stderr


def test_a_timeout_above_the_interval_of_collectd_itself_is_cut_and_told(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    with Collectd(tmp_path, [gearmand.address], options=["Timeout 5"], interval=1) as collectd:
        wanted = "option Timeout is 5 s, and collectd reads every 1 s"
        await_that(lambda: wanted in collectd.output(), "it is told")
        gearmand.pause()
        await_value(collectd, 0, "gauge", gearmand, "up")
    assert collectd.output().count(wanted) == 1


def test_the_sample_configuration_is_accepted(tmp_path: Path) -> None:
    sample = (ROOT / "packaging/collectd/gearmang.conf").read_text()
    lines = [
        'Hostname "here"',
        "FQDNLookup false",
        f'BaseDir "{tmp_path}"',
        f'PIDFile "{tmp_path}/pid"',
        "LoadPlugin csv",
        f'<Plugin csv>\nDataDir "{tmp_path}"\n</Plugin>',
        sample.replace("/usr/lib/gearmang", str(ROOT)),
    ]
    # The same with each default written out.
    spoken = re.sub(
        r"# ((?:Interval|Timeout|Max|Stalled|Workers|Prio|Jobs|Notif)\w* \w+) .*", r"\1", lines[-1]
    )
    for number, text in enumerate((lines[-1], spoken)):
        file = tmp_path / f"{number}.conf"
        file.write_text("\n".join([*lines[:-1], text]))
        done = subprocess.run(
            ["/usr/sbin/collectd", "-T", "-C", file],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert done.returncode == 0
        assert "gearmang: option" not in done.stderr
        assert "Error" not in done.stderr
    assert spoken.count("#") < lines[-1].count("#") - 7


def test_jobs_priorities_and_dead_letters_are_reported(gearmand: Gearmand, tmp_path: Path) -> None:
    store = tmp_path / "dead_letters.db"
    subprocess.run(
        [ROOT / ".venv/bin/gearmang", "dead", "migrate", "--store", store], check=True, timeout=30
    )
    options = ["Timeout 0.15", "Jobs true", "Priorities true", f'DeadLetters "{store}"']
    with (
        Registrations(gearmand) as made,
        Collectd(tmp_path, [gearmand.address], options=options, interval=0.2) as collectd,
    ):
        made.submit(b"resize", 3)
        await_value(collectd, 3, "pending_operations", gearmand, "normal-resize")
        await_value(collectd, 0, "count", gearmand, "ghosts")
        await_that(
            lambda: (
                'collectd_gearman_gauge{gearman="dead_letters",type="total-kept"'
                in collectd.metrics()
            ),
            "dead letters are counted",
        )


def test_the_plugin_needs_nothing_but_the_systems_python() -> None:
    code = (
        "import sys; import collectd_plugin.plugin, gearmang.dead_letters.store.tally;"
        "print([name for name in sys.modules if 'site-packages' in"
        " (getattr(sys.modules[name], '__file__', None) or '')])"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_a_thousand_names_are_a_thousand_series_in_prometheus(
    gearmand: Gearmand, tmp_path: Path
) -> None:
    names = generated()
    with Registrations(gearmand) as made:
        for number, name in enumerate(names):
            made.submit(name.encode(), 1 + number % 3)
            made.sockets.pop().close()
        with Collectd(tmp_path, [gearmand.address], interval=1) as collectd:
            await_value(collectd, len(names), "count", gearmand, "functions")
            scraped = f"127.0.0.1:{collectd.prometheus_port}"
            with Prometheus(tmp_path, [scraped]) as prometheus:
                query = "collectd_gearman_queue_length"
                await_that(lambda: len(prometheus.query(query)) >= len(names), "all are scraped")
                found = {
                    one["metric"]["type"]: int(one["value"][1]) for one in prometheus.query(query)
                }
    assert found == {series_name(name): 1 + at % 3 for at, name in enumerate(names)}
