"""Lets links of the documents that leave their folder stand as the names of files."""

from __future__ import annotations

import re
from typing import Any

_UPWARDS = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)([^)]*)\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by MkDocs for each page."""
    depth = page.file.src_uri.count("/")

    def inside_or_named(found: re.Match[str]) -> str:
        if len(found[2]) // len("../") <= depth:
            return found[0]
        return f"{found[1]} (`{found[3]}`)"

    return _UPWARDS.sub(inside_or_named, markdown)
