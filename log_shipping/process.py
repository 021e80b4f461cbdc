"""This process: its host, its pid, and which fork of its parent it is."""

import os
import random
import socket
from collections.abc import Callable


class Process:
    """What every record says of the process that wrote it; right again after each fork.

    Attributes:
        host: the host's name, as it was at start.
        pid: of this process.
        forks: how many forks lie between the first import and this process. A record that was
            open when its process forked belongs to the parent; the child tells by this number.
    """

    def __init__(self) -> None:
        self.host = socket.gethostname()
        self.pid = os.getpid()
        self.forks = 0
        # A generator of our own: a task that calls random.seed(0) must not repeat our ids.
        self._random = random.Random()  # noqa: S311  # ids have to be different, not secret
        self._children: list[Callable[[], None]] = []
        os.register_at_fork(after_in_child=self._forked)

    def new_id(self) -> str:
        """32 hexadecimal digits that no other record has: the shape of a W3C trace id."""
        return f"{self._random.getrandbits(128):032x}"

    def on_fork(self, function: Callable[[], None]) -> None:
        """Call the function in each forked child, after this object is right again."""
        self._children.append(function)

    def _forked(self) -> None:
        self.pid = os.getpid()
        self.forks += 1
        self._random.seed()
        for function in self._children:
            function()


process = Process()
