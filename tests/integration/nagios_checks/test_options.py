"""Options: good ones print and exit 3, bad ones are one line with the usage and exit 3."""

import pytest

from tests.integration.nagios_checks.plugin import check

CHECKS = (
    "all",
    "dead_letters",
    "flow",
    "queues",
    "roundtrip",
    "server",
    "tasks",
    "uptime",
    "workers",
)
OF_A_SERVER = ("queues", "roundtrip", "server", "uptime", "workers")


@pytest.mark.parametrize("name", CHECKS)
def test_help_has_an_example_and_exits_3(name: str) -> None:
    run = check(name, "-h")
    assert run.state == "UNKNOWN"
    assert f"Example: check_gearmang_{name} " in run.output
    assert "--timeout" in run.output


@pytest.mark.parametrize("name", CHECKS)
def test_the_version_exits_3(name: str) -> None:
    run = check(name, "-V")
    assert run.state == "UNKNOWN"
    assert run.output.startswith(f"check_gearmang_{name} 1.")


@pytest.mark.parametrize(
    "options", ["--nonsense", "-Z", "word", "-t", "-t 0", "-t 5:FINE", "-t 1e9"]
)
@pytest.mark.parametrize("name", CHECKS)
def test_a_bad_option_is_one_line_with_the_usage(name: str, options: str) -> None:
    run = check(name, *options.split())
    assert run.state == "UNKNOWN"
    assert run.line.startswith(f"GEARMANG_{name.upper()} UNKNOWN - ")
    assert f"usage: check_gearmang_{name} " in run.line
    assert len(run.output.splitlines()) == 1
    assert run.stderr == ""


@pytest.mark.parametrize("bad", ["ten", "1e3", "10%", "5:1", "@", ":", "", "nan", "1:2:3", "0x10"])
@pytest.mark.parametrize("option", ["-w", "-c"])
@pytest.mark.parametrize("name", OF_A_SERVER)
def test_a_bad_range_is_named(name: str, option: str, bad: str) -> None:
    run = check(name, option, bad)
    assert run.state == "UNKNOWN"
    assert f"{option}: {bad!r}" in run.line


@pytest.mark.parametrize("bad", ["gm1:port", "gm1:0", "gm1:99999", "", "a b", "[::1"])
def test_a_bad_address_is_named(bad: str) -> None:
    run = check("queues", "-H", bad)
    assert run.state == "UNKNOWN"
    assert bad in run.line
    assert len(run.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("queues", "--metric speed"),
        ("queues", "--no-workers BAD"),
        ("queues", "--function mail=many"),
        ("queues", "--function =1,2"),
        ("queues", "--limit -1"),
        ("queues", "-p 0"),
        ("workers", "--busy 5:1"),
        ("uptime", "--source stars"),
        ("uptime", "--source processes --pattern ("),
        ("server", "--version new"),
        ("server", "--connections x"),
        ("dead_letters", "--window soon"),
        ("dead_letters", "--new BAD"),
        ("tasks", "--p95 fast"),
        ("all", "--nrdp http://127.0.0.1/"),
    ],
)
def test_a_bad_value_of_an_own_option_is_unknown(name: str, options: str) -> None:
    run = check(name, *options.split())
    assert run.state == "UNKNOWN", run
    assert len(run.output.splitlines()) == 1
    assert run.stderr == ""
