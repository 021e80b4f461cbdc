"""``make bench``: print the figures; ``make bench ARGS="polling worker"`` only some of them."""

import importlib
import sys

from tests.benchmarks.figure import Figure

AREAS = ("polling", "checks", "worker", "slots", "dead_letters", "desk", "records")


def line(figure: Figure) -> str:
    """One figure as a row of Markdown."""
    wanted = "" if figure.bound is None else f"{figure.sense} {figure.bound:g}"
    verdict = "" if figure.bound is None else ("holds" if figure.holds else "MISSED")
    return (
        f"| {figure.name} | {figure.value:.2f} {figure.unit} | {wanted} | {verdict} "
        f"| {figure.detail} |"
    )


def main(chosen: list[str]) -> int:
    """Measure the chosen areas; 0 when every bound is kept, else 1."""
    unknown = set(chosen) - set(AREAS)
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(AREAS)}")
        return 2
    kept = True
    print("| figure | measured | wanted | | detail |\n|---|---|---|---|---|", flush=True)
    for area in chosen or AREAS:
        for figure in importlib.import_module(f"tests.benchmarks.{area}").figures():
            print(line(figure), flush=True)
            kept = kept and figure.holds
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
