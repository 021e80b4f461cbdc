"""``gearmang dead show``."""

from typing import Any

import click
import orjson

from gearmang.cli.dead.list import summary
from gearmang.cli.dead.when import iso, told
from gearmang.cli.options import json_option, store_option

_FACTS = ("id", "state", "function", "server", "error_type", "error_message", "fingerprint")


@click.command()
@click.argument("letter", metavar="ID")
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, tokens and the like.")
@store_option
@json_option
def show(letter: str, show_secrets: bool, store: str, as_json: bool) -> None:
    """Show a dead letter: its payload, the dossier of each attempt, the lineage of its job.

    Example: gearmang dead show 3f9a01c2b4-3
    """
    from gearmang.dead_letters.browse import body, find
    from gearmang.dead_letters.lineage import lineage
    from gearmang.dead_letters.masking import masked
    from gearmang.dead_letters.presenting import shown
    from gearmang.dead_letters.store import Store

    with Store(store) as opened, opened.reading() as connection:
        row = find(connection, letter)
        content = body(connection, row.id)
        steps = lineage(connection, row.job_id)
    payload = shown(content.payload, secrets=show_secrets)
    history = orjson.loads(content.history)
    history = history if show_secrets else masked(history)
    if as_json:
        from gearmang.cli.output import print_json

        told_steps = [step._asdict() | {"at": iso(step.at)} for step in steps]
        print_json(
            summary(row)
            | {"payload_form": payload.form, "payload": payload.value}
            | {"history": history, "lineage": told_steps}
        )
        return
    _print(summary(row), payload.form, payload.text, history, steps)


def _print(
    facts: dict[str, Any], form: str, payload: str, history: list[dict[str, Any]], steps: list[Any]
) -> None:
    from gearmang.terminal import clean, clean_lines

    def line(name: str, value: object) -> None:
        click.echo(f"{name.replace('_', ' ') + ':':<18}{clean(str(value))}")

    def title(text: str) -> None:
        click.secho(f"\n{text}", bold=True)

    for name in (*_FACTS, "attempts", "worker", "revision"):
        if facts[name] not in (None, ""):
            line(name, facts[name])
    title(f"Payload ({form}, {facts['payload_bytes']} bytes)")
    click.echo(clean_lines(payload))
    for number, dossier in enumerate(history, 1):
        title(f"Attempt {number}: {clean(str(dossier.get('outcome', 'failure')))}")
        for name, value in dossier.items():
            if name in ("started_at",) and isinstance(value, int | float):
                line(name, _moment(value))
            elif name in ("traceback", "stderr"):
                click.echo(f"{name}:")
                click.echo(clean_lines(f"  {value}".replace("\n", "\n  ").rstrip()))
            elif name == "frames":
                line(name, " → ".join(map(str, value)))
            elif name not in ("outcome", "attempt"):
                line(name, value)
    title("Lineage")
    for step in steps:
        first, *rest = step.detail.splitlines() or [""]
        by = f"  by {step.who}" if step.who else ""
        plan = f"  plan {step.plan}" if step.plan else ""
        head = "" if rest else f"  {first}"
        click.echo(clean(f"{_moment(step.at):<20} {step.what}{head}{by}{plan}".rstrip()))
        for text in step.detail.splitlines() if rest else ():
            click.echo(clean(f"{'':<20}   {text}"))


def _moment(seconds: float | None) -> str:
    try:
        return told(seconds)
    except (ValueError, OverflowError, OSError):  # a worker's clock, or an attacker's
        return str(seconds)
