"""Write gearmang-commands.conf and director-basket.json from the options of the checks.

    .venv/bin/python packaging/icinga2/generate.py

So that every argument is there, with its description, as `check_gearmang_…` itself knows it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nagios_checks.arguments import Parser
from nagios_checks.command import load
from nagios_checks.config import CHECKS
from nagios_checks.shared_options import Option

FOLDER = Path(__file__).parent
CONF, BASKET = FOLDER / "gearmang-commands.conf", FOLDER / "director-basket.json"
TIMEOUT = 30  # seconds until Icinga ends a check; its own timeout is 10
NOT_FOR_ICINGA = ("-h", "-V")
ADDRESS = "hostname"  # the variable that the host's address is the default of
PORT = "port"  # the variable that the host's vars.gearmang_port is the default of

# Icinga Director knows no template such as ipv4-or-ipv6, but an expression as a value.
_ADDRESS_EXPRESSION = """var given = macro("$gearmang_{check}_hostname$")
if (given) { return given }
var address = macro("$address$")
if (address) { return address }
return macro("$address6$")"""

_TYPES = "Icinga\\Module\\Director\\DataType\\DataType"


def options(parser: Parser) -> Iterator[Option]:
    """The options that make sense in a CheckCommand."""
    for option in parser.options:
        if not set(option.flags.split()) & {*NOT_FOR_ICINGA}:
            yield option


def argument(check: str, option: Option) -> tuple[str, dict[str, Any]]:
    """The option's flag and its attributes as an argument of a CheckCommand."""
    flag = next(flag for flag in option.flags.split() if flag.startswith("--"))
    macro = f"$gearmang_{check}_{option.name}$"
    attributes: dict[str, Any] = {"value" if option.value else "set_if": macro}
    attributes["description"] = " ".join(f"{option.value}: {option.help}".split()).lstrip(": ")
    if option.many:
        attributes["repeat_key"] = True
    return flag, attributes


def conf() -> str:
    """The CheckCommands in Icinga 2's language."""
    head = "// Written by generate.py from the options of the checks; change them there.\n"
    return head + "".join(
        command(check, load(check).options(f"check_gearmang_{check}")) for check in (*CHECKS, "all")
    )


def command(check: str, parser: Parser) -> str:
    """One CheckCommand."""
    known = dict(argument(check, option) for option in options(parser))
    lines = ["", f'object CheckCommand "gearmang_{check}" {{', '  import "ipv4-or-ipv6"', ""]
    lines.append(f'  command = [ PluginDir + "/check_gearmang_{check}" ]')
    lines += [f"  timeout = {TIMEOUT}s", "", "  arguments = {"]
    for flag, attributes in known.items():
        lines.append(f'    "{flag}" = {{')
        # A JSON text or truth value is one of Icinga's, too.
        lines += [f"      {name} = {json.dumps(value)}" for name, value in attributes.items()]
        lines.append("    }")
    lines.append("  }")
    if "--hostname" in known:
        lines += [
            "",
            f'  vars.gearmang_{check}_{ADDRESS} = "$check_address$"',
            f'  vars.gearmang_{check}_{PORT} = "$gearmang_port$"',
        ]
    return "\n".join([*lines, "}", ""])


def basket() -> dict[str, Any]:
    """The commands and their fields, as Icinga Director imports them."""
    commands: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for check in (*CHECKS, "all"):
        parser = load(check).options(f"check_gearmang_{check}")
        known = list(options(parser))
        first = len(fields) + 1
        for number, option in enumerate(known, first):
            kind = "Array" if option.many else "String" if option.value else "Boolean"
            fields[str(number)] = {
                "varname": f"gearmang_{check}_{option.name}",
                "caption": f"Gearmang {check}: {option.name}".replace("_", " "),
                "description": argument(check, option)[1]["description"],
                "datatype": _TYPES + kind,
                "format": None,
                "settings": {},
                "originalId": str(number),
            }
        commands[f"gearmang_{check}"] = {
            "arguments": dict(_for_director(check, option) for option in known),
            "command": f"check_gearmang_{check}",
            "fields": [
                {"datafield_id": number, "is_required": "n", "var_filter": None}
                for number, _ in enumerate(known, first)
            ],
            "methods_execute": "PluginCheck",
            "object_name": f"gearmang_{check}",
            "object_type": "object",
            "timeout": str(TIMEOUT),
            "vars": {f"gearmang_{check}_{PORT}": "$gearmang_port$"}
            if any(option.name == PORT for option in known)
            else {},
            "zone": None,
        }
    return {"Command": commands, "Datafield": fields}


def _for_director(check: str, option: Option) -> tuple[str, dict[str, Any]]:
    flag, attributes = argument(check, option)
    if option.name == ADDRESS:
        body = _ADDRESS_EXPRESSION.replace("{check}", check)
        attributes["value"] = {"type": "Function", "body": body}
    return flag, attributes


def basket_text() -> str:
    """The basket as its file has it."""
    return json.dumps(basket(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    CONF.write_text(conf())
    BASKET.write_text(basket_text())
