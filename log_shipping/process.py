"""This process: its host, its pid, ids that no other process makes; right again after a fork."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable

_children: list[Callable[[], None]] = []
# A generator of our own: a task that calls random.seed(0) must not repeat our ids.
_random = random.Random()  # noqa: S311  # ids have to be different, not secret
getrandbits = _random.getrandbits

HOST = socket.gethostname()

forks = 0
"""How many forks lie between this process and the one that imported this: a record made when the
number was another belongs to another process."""


def new_id() -> str:
    """32 hexadecimal digits that no other record has: the shape of a W3C trace id."""
    return getrandbits(128).to_bytes(16, "big").hex()


def on_fork(function: Callable[[], None]) -> None:
    """Call the function in each forked child, before any other code of the child runs."""
    _children.append(function)


def _forked() -> None:
    global forks
    forks += 1
    _random.seed()
    for function in _children:
        function()


os.register_at_fork(after_in_child=_forked)
