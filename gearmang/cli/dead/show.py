"""``gearmang dead show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import orjson

from gearmang.cli.dead.list import summary
from gearmang.cli.options import json_option, store_option
from gearmang.durations import iso, short, told

if TYPE_CHECKING:
    from gearmang.dead_letters.looking.history import Step

_FACTS = ("id", "state", "function", "server", "error_type", "error_message", "fingerprint")
_LABEL_WIDTH = 16  # the longest label is "error message:"


@click.command()
@click.argument("letter", metavar="ID")
@click.option("--show-secrets", is_flag=True, help="Do not mask passwords, tokens and the like.")
@store_option
@json_option
def show(letter: str, show_secrets: bool, store: str, as_json: bool) -> None:
    """Show a dead letter: its payload, the dossier of each attempt, the lineage of its job.

    Example: gearmang dead show 3f9a01c2b4-3
    """
    from gearmang.dead_letters.looking.browse import body, find
    from gearmang.dead_letters.looking.history import lineage
    from gearmang.dead_letters.looking.presenting import shown
    from gearmang.dead_letters.store.seam import Store
    from gearmang.masking import masked, masked_text

    with Store(store) as opened, opened.reading() as connection:
        row = find(connection, letter)
        content = body(connection, row.id)
        steps = lineage(connection, row.job_id)
    if not show_secrets:
        steps = [step._replace(detail=masked_text(step.detail)) for step in steps]
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
    facts: dict[str, Any], form: str, payload: str, history: list[dict[str, Any]], steps: list[Step]
) -> None:
    from gearmang.cli.dead.wording import size
    from gearmang.terminal import clean_lines

    for name in (*_FACTS, "attempts", "worker", "revision"):
        if facts[name] not in (None, ""):
            _line(name, facts[name])
    _title(f"Payload ({form}, {size(facts['payload_bytes'])})")
    click.echo(clean_lines(payload))
    seen: dict[tuple[str, str], int] = {}
    for number, dossier in enumerate(history, 1):
        _print_attempt(number, dossier, seen)
    _title("Lineage")
    for step in steps:
        _print_step(step)


def _print_attempt(number: int, dossier: dict[str, Any], seen: dict[tuple[str, str], int]) -> None:
    """One attempt; a text that an earlier one had too is only pointed at."""
    from gearmang.dead_letters.looking.presenting import from_the_users_frame
    from gearmang.terminal import clean_lines

    _title(f"Attempt {number}: {str(dossier.get('outcome', 'failure')).replace('_', ' ')}")
    for name, value in dossier.items():
        if name in ("traceback", "stderr"):
            earlier = seen.setdefault((name, str(value)), number)
            if earlier < number:
                _line(name, f"as in attempt {earlier}")
                continue
            click.echo(f"{name}:")
            text = from_the_users_frame(str(value)) if name == "traceback" else str(value)
            click.echo(clean_lines(f"  {text}".replace("\n", "\n  ").rstrip()))
        elif name not in ("outcome", "attempt"):
            _line(*_readable(name, value))


def _readable(name: str, value: Any) -> tuple[str, str]:
    """A dossier's field with the unit in the value."""
    from gearmang.cli.dead.wording import size

    if name == "frames" and isinstance(value, list):
        return name, " → ".join(map(str, value))
    if isinstance(value, int | float):
        if name == "started_at":
            return name, _moment(value)
        if name.endswith("_seconds"):
            return name.removesuffix("_seconds"), short(value)
        if name.endswith("_bytes"):
            return name.removesuffix("_bytes"), size(int(value))
    return name, str(value)


def _print_step(step: Step) -> None:
    from gearmang.terminal import clean

    lines = step.detail.splitlines()
    detail = f"  {lines[0]}" if len(lines) == 1 else ""
    by = f"  by {step.who}" if step.who else ""
    plan = f"  plan {step.plan}" if step.plan else ""
    click.echo(clean(f"{_moment(step.at):<20} {step.what}{detail}{by}{plan}"))
    for line in lines if len(lines) > 1 else ():
        click.echo(clean(f"{'':<20}   {line}"))


def _line(name: str, value: object) -> None:
    from gearmang.terminal import clean

    click.echo(f"{name.replace('_', ' ') + ':':<{_LABEL_WIDTH}}{clean(str(value))}")


def _title(text: str) -> None:
    from gearmang.terminal import clean

    click.secho(f"\n{clean(text)}", bold=True)


def _moment(seconds: float | None) -> str:
    try:
        return told(seconds)
    except (ValueError, OverflowError, OSError):  # a worker's clock, or an attacker's
        return str(seconds)
