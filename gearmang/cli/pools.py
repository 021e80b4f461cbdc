"""The file of a fleet: pools, each with the options of ``gearmang work``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from gearmang.cli.tls import tls_of
from gearmang.cli.work import options_of, work
from gearmang.errors import GearmangError
from gearmang.worker.fleet.pool import PoolPlan

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OWN: Final = ("name", "environment", "directory")  # of a pool, beside the options of `work`
TLS: Final = ("ca", "cert", "key", "server_name")
NOT_HERE: Final = ("log_format", "metrics", "reload", "ready_file")  # the fleet's own


class BadFleet(GearmangError):
    """The file of a fleet cannot be used."""


def read_pools(config: Path) -> list[PoolPlan]:
    """Read the file.

    Raises:
        BadFleet: it cannot be read, or says what cannot be; the sentence names pool and key.
    """
    try:
        document = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFleet(f"{config}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFleet(f"{config}: {error}") from None
    defaults, pools = document.pop("defaults", {}), document.pop("pool", [])
    if document:
        raise BadFleet(f"{config}: unknown: {', '.join(document)}; write [defaults] and [[pool]]")
    if not isinstance(defaults, dict) or not isinstance(pools, list) or not pools:
        raise BadFleet(f"{config} has no pool; write [[pool]] and its function")
    if not all(isinstance(pool, dict) for pool in pools):
        raise BadFleet(f"{config}: a pool is a table; write [[pool]]")
    plans: dict[str, PoolPlan] = {}
    for number, pool in enumerate(pools, 1):
        plan = _plan(f"{config}, pool {number}", {**defaults, **pool})
        if plan.name in plans:
            raise BadFleet(
                f'{config}: two pools have the name {plan.name}; give one of them a name = "…"'
            )
        plans[plan.name] = plan
    return [*plans.values()]


def _plan(where: str, pool: Mapping[str, Any]) -> PoolPlan:
    given = {key.replace("-", "_"): value for key, value in pool.items()}
    own = {key: given.pop(key, None) for key in OWN}
    function = given.get("function")
    if isinstance(function, str):
        where = f"{where} ({function})"
    environment = own["environment"] or {}
    if not isinstance(environment, dict) or not all(
        isinstance(value, str) for value in environment.values()
    ):
        raise BadFleet(f"{where}: environment is a table of texts")
    for key, kind in (("name", str), ("directory", str)):
        if own[key] is not None and not isinstance(own[key], kind):
            raise BadFleet(f"{where}: {key} is a text")
    directory = Path(own["directory"]) if own["directory"] else None
    if directory is not None and not directory.is_dir():
        raise BadFleet(f"{where}: there is no folder {directory}")
    try:
        arguments = _arguments(given)
        context = work.make_context("work", arguments, resilient_parsing=False)
        with context:
            params = {key: of for key, of in context.params.items() if key not in NOT_HERE}
            records = params.pop("records", None)
            params["tls"] = tls_of(*(params.pop(key) for key in TLS))
            options = options_of(**params)
    except click.ClickException as error:
        raise BadFleet(f"{where}: {error.format_message()}") from None
    except GearmangError as error:
        raise BadFleet(f"{where}: {error}") from None
    return PoolPlan(own["name"] or options.function, options, environment, directory, records)


def _arguments(given: Mapping[str, Any]) -> list[str]:
    """The keys of a pool as the words of ``gearmang work``."""
    known = {
        option.lstrip("-").replace("-", "_"): (parameter, option)
        for parameter in work.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }
    words: list[str] = []
    for key, value in given.items():
        if key == "target":
            words.insert(0, str(value))
            continue
        if key not in known or key in NOT_HERE:
            raise click.UsageError(f"unknown: {key}; a pool takes the options of `gearmang work`")
        parameter, option = known[key]
        if isinstance(value, bool) != parameter.is_flag or isinstance(value, dict):
            raise click.UsageError(f"{key} cannot be {value!r}")
        if parameter.is_flag:
            words += [option] if value else []
        elif isinstance(value, list):
            if not parameter.multiple:
                raise click.UsageError(f"{key} takes one value")
            words += [word for one in value for word in (option, str(one))]
        else:
            words += [option, str(value)]
    return words
