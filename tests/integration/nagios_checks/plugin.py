"""Runs a check as Nagios does, and reads what it prints by the rules of Nagios alone."""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(sys.executable).parent  # where pip has put the commands
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")

_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = rf"@?(?:(?:~|{_NUMBER})?:)?(?:{_NUMBER})?"
_SERIES = re.compile(
    rf"(?:'(?P<quoted>[^'=|\n]+)'|(?P<bare>[^'=|\s]+))="
    rf"(?P<value>{_NUMBER}|U)(?P<unit>s|%|B|c)?"
    rf"(?:;(?P<warn>{_RANGE}))?(?:;(?P<crit>{_RANGE}))?(?:;(?P<min>{_NUMBER})?)?(?:;{_NUMBER})?"
    r"(?: |$)"
)


class Run(NamedTuple):
    """What a run of a check gave Nagios.

    Attributes:
        code: the exit code.
        output: all of stdout.
        seconds: how long it took.
        stderr: must be empty: Nagios does not read it.
    """

    code: int
    output: str
    seconds: float
    stderr: str

    @property
    def state(self) -> str:
        return STATES[self.code]

    @property
    def line(self) -> str:
        """The first line without performance data."""
        return self.output.partition("\n")[0].partition("|")[0].rstrip()

    @property
    def long(self) -> list[str]:
        """The lines after the first, without performance data."""
        return [line for line in self.output.splitlines()[1:] if not line.startswith("|")]

    @property
    def perfdata(self) -> dict[str, float]:
        """Every series by its label; fails on anything that the plugin guidelines forbid."""
        first, _, rest = self.output.partition("\n")
        text = " ".join([first.partition("|")[2], rest.partition("|")[2]]).strip()
        found: dict[str, float] = {}
        at = 0
        while at < len(text):
            match = _SERIES.match(text, at)
            assert match is not None, f"no perfdata: {text[at:]!r}"
            name = match["quoted"] or match["bare"]
            assert name not in found, f"{name} comes twice"
            found[name] = float(match["value"])
            at = match.end()
        assert len({name[:19] for name in found}) == len(found), "RRD cannot tell labels apart"
        return found


def check(name: str, *options: object, timeout: float = 30.0) -> Run:
    """Run ``check_gearmang_NAME`` in a process of its own."""
    begun = time.monotonic()
    done = subprocess.run(
        [FOLDER / f"check_gearmang_{name}", *map(str, options)],
        capture_output=True,
        timeout=timeout,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},  # little more has a plugin under Nagios
    )
    took = time.monotonic() - begun
    return Run(done.returncode, done.stdout.decode(), took, done.stderr.decode())
