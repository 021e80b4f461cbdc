"""How the demo tells what it sees: titled blocks, and a verdict on each thing that it promised."""

import sys
import time
from collections.abc import Callable

LOOK_AGAIN = 0.1  # seconds between two looks at something that is awaited


class Story:
    """Prints the demo and remembers what it promised and did not see."""

    def __init__(self) -> None:
        self.unseen: list[str] = []
        self._began = time.monotonic()
        self._colour = sys.stdout.isatty()

    @property
    def seconds(self) -> float:
        """How long the demo has been running."""
        return time.monotonic() - self._began

    def block(self, title: str, text: str = "") -> None:
        """A short titled block."""
        print(f"\n{self._paint('1', f'== {title}')}  [{self.seconds:.0f} s]")
        for line in text.rstrip().splitlines():
            print(f"   {line}")
        sys.stdout.flush()

    def see(self, what: str, condition: Callable[[], object], timeout: float = 0.0) -> None:
        """Wait until something promised is there, for ``timeout`` seconds at most, and say so."""
        deadline = time.monotonic() + timeout
        while not (seen := bool(condition())) and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN)
        if not seen:
            self.unseen.append(what)
        print(f"   {self._paint('32', 'seen') if seen else self._paint('31', 'NOT SEEN')}: {what}")
        sys.stdout.flush()

    def end(self) -> int:
        """The last line, and the exit code: 0 only when everything promised was seen."""
        if not self.unseen:
            print(f"\nAll of it was seen, in {self.seconds:.0f} s.")
            return 0
        print("\nNot seen: " + "; ".join(self.unseen), file=sys.stderr)
        return 1

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text
