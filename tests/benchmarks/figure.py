"""One measured figure: a ratio between two things that were measured in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """What a benchmark found.

    Attributes:
        name: what was compared, as a sentence: ``status parsed against a bare recv-and-split``.
        value: the ratio (or, where the issue asks for one, the absolute figure).
        unit: ``x`` for a ratio, else ``ms``, ``MiB`` …
        bound: what the figure has to keep to; None where it is only shown.
        sense: whether the bound is the most or the least that is wanted.
        detail: the two sides of the ratio, with their units.
    """

    name: str
    value: float
    unit: str = "x"
    bound: float | None = None
    sense: Literal["at most", "at least"] = "at most"
    detail: str = ""

    @property
    def holds(self) -> bool:
        if self.bound is None:
            return True
        return self.value <= self.bound if self.sense == "at most" else self.value >= self.bound
