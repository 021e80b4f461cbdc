"""Finds the modules that the checks, the collectd plugin and the task records need."""

from __future__ import annotations

import ast
from pathlib import Path

ROOMS = ("collectd_plugin", "gearmang", "log_shipping", "nagios_checks")
MONITORS = ("collectd_plugin", "log_shipping", "nagios_checks")


def modules(root: Path) -> dict[str, Path]:
    """Dotted name → file of every module of the product."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
    }


def needed(root: Path) -> set[Path]:
    """The files of `MONITORS`, and of all that they import, wherever in a module they do."""
    known = modules(root)
    todo = [name for name in known if name.partition(".")[0] in MONITORS]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in found or name not in known:
            continue
        found.add(name)
        todo += [name.rpartition(".")[0], *_imported(known[name])]
    return {known[name] for name in found}


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names: set[str] = set()
    for node in _running(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _running(tree: ast.AST) -> list[ast.AST]:
    """All nodes but those for the type checker alone."""
    found: list[ast.AST] = []
    todo = [tree]
    while todo:
        node = todo.pop()
        found.append(node)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            todo += node.orelse
        else:
            todo += ast.iter_child_nodes(node)
    return found
