"""Records of one id as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(slots=True)
class Node:
    """A record and what happened inside it."""

    record: Row
    children: list[Node] = field(default_factory=list)


def forest(records: Iterable[Row]) -> list[Node]:
    """The records as trees, in the order given; one whose parent is missing is a root."""
    nodes = [Node(record) for record in records]
    by_span = {node.record["span"]: node for node in nodes if node.record.get("span")}
    roots = []
    for node in nodes:
        parent = by_span.get(node.record.get("parent"))
        if parent is None or parent is node or _is_below(parent, node):
            roots.append(node)
        else:
            parent.children.append(node)
    return roots


def _is_below(node: Node, other: Node) -> bool:
    """Whether the node lies below the other: spans that a hostile record made circular."""
    return node is other or any(_is_below(node, child) for child in other.children)
