"""The TOML file of check_gearmang_all: many services, each with the options of its check.

It reads like this, with each option by its long name:

    [defaults]                          # of every service below
    nagios_host = "gearman1"
    hostname = ["gm1:4730"]

    [[service]]
    description = "Queue of resize"     # as Nagios knows the service
    check = "queues"
    function = ["resize=100,500"]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from gearmang.errors import GearmangError
from nagios_checks.arguments import Parser
from nagios_checks.command import load
from nagios_checks.shared_options import Chosen, Option

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CHECKS = ("dead_letters", "flow", "queues", "roundtrip", "server", "tasks", "uptime", "workers")
LARGEST_FILE = 16 * 1024 * 1024  # bytes
_OF_THE_RUN = ("help", "timeout", "V")  # options that only the command itself can have


class BadConfig(GearmangError):
    """The file cannot be used; the text says where in it."""


class Service(NamedTuple):
    """One service of the file.

    Attributes:
        host: the host that it belongs to in Nagios.
        description: its name in Nagios.
        check: ``queues`` for check_gearmang_queues.
        module: the check's.
        chosen: its options.
    """

    host: str
    description: str
    check: str
    module: ModuleType
    chosen: Chosen


def services(path: str) -> list[Service]:
    """Read the file.

    Raises:
        BadConfig: it is missing, no TOML, or a service is not complete or has a bad option.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise BadConfig(f"{path} is larger than {LARGEST_FILE >> 20} MiB")
        document = tomllib.loads(data.decode())
    except OSError as error:
        raise BadConfig(f"{path} cannot be read: {error.strerror}; name it by --config") from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are both
        raise BadConfig(f"{path} is no TOML: {error}") from None
    try:
        return from_document(document)
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from None


def from_document(document: Mapping[str, Any]) -> list[Service]:
    """The services of a parsed file.

    Raises:
        BadConfig: a service is not complete or has a bad option; or there is none.
    """
    if unknown := document.keys() - {"defaults", "service"}:
        raise BadConfig(f"unknown {sorted(unknown)[0]!r}; write [defaults] and [[service]]")
    defaults, tables = document.get("defaults", {}), document.get("service", [])
    if not isinstance(defaults, dict) or not isinstance(tables, list) or not tables:
        raise BadConfig("it holds no [[service]]")
    parsers: dict[str, Parser] = {}
    found: dict[tuple[str, str], Service] = {}
    for number, table in enumerate(tables, 1):
        try:
            if not isinstance(table, dict):
                raise BadConfig("it is no table; write [[service]]")
            service = _service(defaults, table, parsers)
            if (service.host, service.description) in found:
                raise BadConfig(f"there are two of {service.description!r} on {service.host}")
        except GearmangError as error:
            name = table.get("description", "") if isinstance(table, dict) else ""
            raise BadConfig(f"service {number} {name!r}: {error}") from None
        found[service.host, service.description] = service
    return list(found.values())


def _service(
    defaults: dict[str, Any], table: dict[str, Any], parsers: dict[str, Parser]
) -> Service:
    given = {**defaults, **table}
    host, description, check = (
        _name(given, key) for key in ("nagios_host", "description", "check")
    )
    if check not in CHECKS:
        raise BadConfig(f"check is {check!r}; it may be {', '.join(CHECKS)}")
    module = load(check)
    if check not in parsers:
        parsers[check] = module.options(f"check_gearmang_{check}")
    parser = parsers[check]
    by_name = {option.name: option for option in parser.options}
    words: list[str] = []
    for key, value in given.items():
        option = by_name.get(key.replace("-", "_"))
        if option is None or option.name in _OF_THE_RUN:
            if key in table:
                raise BadConfig(f"{check} has no option {key!r} here")
            continue  # a default of other checks
        words += _words(option, key, value)
    return Service(host, description, check, module, parser.read(words))


def _name(given: dict[str, Any], key: str) -> str:
    value = given.pop(key, None)
    if not isinstance(value, str) or not value.strip():
        raise BadConfig(f"it needs {key}, a text")
    if any(character in value for character in ";\n\t"):
        raise BadConfig(f"{key} is {value!r}: Nagios takes no semicolon, tab or newline there")
    return value


def _words(option: Option, key: str, value: object) -> list[str]:
    """The option as words of a command line."""
    flag = option.flags.split()[-1]
    if not option.value:
        if not isinstance(value, int):
            raise BadConfig(f"{key} is {value!r}; write true, false or a number")
        return [flag] * value
    values = value if isinstance(value, list) else [value]
    if not option.many and len(values) != 1:
        raise BadConfig(f"{key} takes one value")
    for one in values:
        if isinstance(one, bool) or not isinstance(one, (str, int, float)):
            raise BadConfig(f"{key} is {one!r}; write a text or a number")
    return [word for one in values for word in (flag, str(one))]
