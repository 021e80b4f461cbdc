"""Lets links of the documents that leave their folder stand as the names of files."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+(?:packaging|README\.md)[^)]*)\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs for each page."""
    return _OUTSIDE.sub(lambda found: f"{found[1]} (`{found[2].lstrip('./')}`)", markdown)
