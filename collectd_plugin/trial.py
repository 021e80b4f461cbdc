"""``collectd -T``, by which people test a configuration: it reads once, and ends with 0 or 1."""

from __future__ import annotations

import re
from pathlib import Path


def is_a_trial() -> bool:
    """Whether this is ``collectd -T``, which reads once and ends."""
    try:
        words = Path("/proc/self/cmdline").read_bytes().split(b"\0")[1:]
    except OSError:
        return False
    return any(re.fullmatch(rb"-[a-zA-Z]*T", word) for word in words)


def fail() -> None:
    """A read that fails, so that ``collectd -T`` ends with 1."""
    raise RuntimeError("an option cannot be used")
