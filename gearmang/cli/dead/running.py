"""While a plan is carried out: how far it is, and an end by Ctrl-C that says how to go on."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from gearmang.cli.dead.progress import progress_bar
from gearmang.cli.dead.wording import PAST, letters

if TYPE_CHECKING:
    from gearmang.dead_letters.acting.pausing import Reins
    from gearmang.dead_letters.store.rows import Plan
    from gearmang.dead_letters.store.seam import Store

_ENDED_BY_CTRL_C: Final = 130  # what a shell makes of SIGINT


@contextmanager
def run_of(
    store: Store, plan: Plan, options: str = ""
) -> Iterator[tuple[Reins, Callable[[int], None]]]:
    """The reins of a plan that this command carries out, and what its progress is told to.

    The first Ctrl-C, or SIGTERM, lets the letters at hand come to their end; then it is said how
    many went and how to go on, and the exit code is 130. A second one ends it at once.

    Args:
        options: what the command that goes on with it must be given again.
    """
    from gearmang.dead_letters.acting.pausing import Reins, Stopped, standing

    stop = threading.Event()

    def ask(number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo("ending after the letters at hand; once more ends it at once", err=True)

    with store.reading() as connection:
        left = standing(connection, plan.plan).left  # of one that is gone on with, not all
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with progress_bar(left, PAST[plan.action]) as advance:
            told = lambda text: click.echo(text, err=True)  # noqa: E731 # read where it is used
            yield Reins(store, plan.plan, stop=stop, told=told), advance
    except Stopped:
        with store.reading() as connection:
            ended = standing(connection, plan.plan)
        click.echo(
            f"stopped: {_what_became(ended.outcomes)} of {letters(ended.letters)}, "
            f"{ended.left} are left; go on with: "
            f"gearmang dead {plan.action} --plan {plan.plan}{options} --yes",
            err=True,
        )
        sys.exit(_ENDED_BY_CTRL_C)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _what_became(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "none"
