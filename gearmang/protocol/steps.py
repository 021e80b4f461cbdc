"""Many conversations in one thread: each is a generator that says what it waits for.

A conversation yields `Wait` and is sent True once its socket is ready, or False once it has waited
until its time was up; what it returns, or the `AdminError` that it raises, is its result.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, TypeVar

from gearmang.protocol.errors import AdminError

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

Result = TypeVar("Result")


class Wait(NamedTuple):
    """What a conversation waits for: an event on a socket, until a time of the monotonic clock."""

    sock: socket.socket
    event: int
    until: float


Steps = Generator[Wait, bool, Result]


def drive(conversations: Sequence[Steps[Result]]) -> list[Result | AdminError]:
    """Hold all conversations at once; their results, in order.

    No conversation outlives the ``until`` of what it waits for, however busy its socket is.
    """
    results: list[Any] = [None] * len(conversations)
    waiting: dict[int, tuple[int, Steps[Result], Wait]] = {}
    with selectors.DefaultSelector() as selector:

        def go_on(number: int, steps: Steps[Result], before: Wait | None, ready: bool) -> None:
            try:
                wait = next(steps) if before is None else steps.send(ready)
            except StopIteration as stop:
                results[number] = stop.value
            except AdminError as error:
                results[number] = error
            else:
                if before is None or wait[:2] != before[:2]:
                    forget(before)
                    selector.register(wait.sock, wait.event, number)
                waiting[number] = number, steps, wait
                return
            forget(before)
            waiting.pop(number, None)

        def forget(wait: Wait | None) -> None:
            if wait is not None:
                selector.unregister(wait.sock)

        try:
            for number, steps in enumerate(conversations):
                go_on(number, steps, None, ready=False)
            while waiting:
                until = min(wait.until for _, _, wait in waiting.values())
                for key, _ in selector.select(max(0.0, until - time.monotonic())):
                    number, steps, wait = waiting[key.data]
                    go_on(number, steps, wait, ready=True)
                now = time.monotonic()
                for number, steps, wait in list(waiting.values()):
                    if wait.until <= now:
                        go_on(number, steps, wait, ready=False)
        finally:
            for steps in conversations:
                steps.close()
    return results
