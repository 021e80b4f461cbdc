"""Durations in buckets, as OpenMetrics tells them: each with the job that is an example of it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

# Seconds.
BOUNDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_ENDS: Final = (*(str(float(bound)) for bound in BOUNDS), "+Inf")
# What an exemplar may hold: 128 characters with its label's name, and nothing to be escaped, which
# readers of exemplars get wrong (prometheus_client does).
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:+-]{1,120}")


class Example(NamedTuple):
    """A job whose duration fell into a bucket.

    Attributes:
        job_id: of the job.
        value: in seconds.
        at: when it ended, in seconds since the epoch.
    """

    job_id: str
    value: float
    at: float


class Histogram:
    """How many durations were how long; only ever more."""

    def __init__(self) -> None:
        self._counts = [0.0] * len(_ENDS)
        self._examples: list[Example | None] = [None] * len(_ENDS)
        self._sum = 0.0

    def add(self, seconds: float, weight: float = 1.0, example: Example | None = None) -> None:
        """Count a duration.

        Args:
            seconds: below zero, which only clocks that differ can tell, counts as zero.
            weight: how many it stands for.
            example: the latest one of a bucket is shown, where its id is plain.
        """
        seconds = max(0.0, seconds)
        place = bisect_left(BOUNDS, seconds)
        self._counts[place] += weight
        self._sum += weight * seconds
        if example is not None and _PLAIN.fullmatch(example.job_id):
            shown = self._examples[place]
            if shown is None or shown.at <= example.at:
                self._examples[place] = example

    def lines(self, name: str, labels: str) -> Iterator[str]:
        """Its lines.

        Args:
            name: of the family.
            labels: as they stand between the braces.
        """
        # Cumulative sums are rounded, so that they are whole and still never fall.
        sums = [round(one) for one in accumulate(self._counts)]
        for end, count, example in zip(_ENDS, sums, self._examples):
            line = f'{name}_bucket{{{labels},le="{end}"}} {count}'
            if example is not None:
                job, value, at = example
                line += f' # {{job_id="{job}"}} {value:.6g} {at:.3f}'
            yield line + "\n"
        yield f"{name}_count{{{labels}}} {sums[-1]}\n"
        yield f"{name}_sum{{{labels}}} {self._sum:.6f}\n"
