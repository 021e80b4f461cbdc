"""The modules of log_shipping import each other one way, for type checkers as well."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "log_shipping"


def imports(path: Path) -> set[str]:
    """What a module imports at its top, under ``if TYPE_CHECKING`` as well.

    An import inside a function waits until both modules are there.
    """
    found: set[str] = set()
    waiting: list[ast.stmt] = [*ast.parse(path.read_text()).body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.If, ast.Try)):
            waiting += [*node.body, *node.orelse]
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_module_imports_what_imports_it() -> None:
    modules = {f"log_shipping.{path.stem}": path for path in PACKAGE.glob("[!_]*.py")}
    graph = {name: imports(path) & set(modules) for name, path in modules.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError
    assert graph["log_shipping.record"] >= {"log_shipping.handler", "log_shipping.context"}
