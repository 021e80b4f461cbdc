"""The type of options that take a number of bytes."""

from __future__ import annotations

import re
from typing import Any

import click

_SIZES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.3
    """A number of bytes, with or without a unit."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(
            r"([0-9]{1,15}(?:\.[0-9]{1,3})?)([kmgt]?)(?:i?b)?", value.strip().lower()
        )
        if match is None:
            self.fail(f"{value!r} is no size; write bytes, or 512M, 2G", param, ctx)
        return int(float(match[1]) * _SIZES[match[2]])


SIZE = _Size()
