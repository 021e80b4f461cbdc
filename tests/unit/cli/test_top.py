"""What ``gearmang top`` shows for what was seen and what was chosen."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gearmang.cli.top.keys import named
from gearmang.cli.top.state import State
from gearmang.cli.top.view import Seen, view
from gearmang.cli.top.view import lines as lines_for_a_pipe
from gearmang.dead_letters.store.rows import Cause
from gearmang.dead_letters.store.tally import Tally
from gearmang.watch.movement import EMPTY, GROWING, KEEPING_UP, STUCK, Flow
from tests.unit.cli.overviews import NOW, an_overview

TALLY = Tally(kept={"function-1": 4}, arrived={}, new_fingerprints={})


def lines(
    state: State | None = None,
    functions: int = 3,
    height: int = 24,
    dead: Tally | str = TALLY,
    width: int = 80,
    causes: tuple[Cause, ...] = (),
) -> list[str]:
    """The screen, as text."""
    screen = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    seen = Seen(an_overview(functions), dead, NOW, causes=causes)
    screen.print(view(seen, state or State(), height, width))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


def functions_of(shown: list[str]) -> list[str]:
    return [line.split()[0] for line in shown if line.startswith("function-") and "@" not in line]


def pressed(*keys: str) -> State:
    state = State()
    for key in keys:
        state = state.after(key)
    return state


def test_functions_are_sorted_by_waiting_and_summed_over_servers() -> None:
    shown = lines()
    assert functions_of(shown) == ["function-0", "function-1", "function-2"]
    assert shown[0] == "2 of 3 servers · 4 dead letters · 398 waiting · 4 running · 3 workers"
    assert shown[1] == "4 functions"


def test_a_lost_server_is_shown() -> None:
    assert "lost: gm3:4730 refused the connection" in lines()


def test_a_look_that_failed_is_told() -> None:
    seen = Seen(an_overview(), TALLY, NOW, problem="OSError: Too many open files")
    assert any("not renewed since" in line for line in lines_for_a_pipe(seen))


def test_dead_letters_are_shown_by_function_or_why_they_are_not_known() -> None:
    row = next(line for line in lines() if line.startswith("function-1 "))
    assert row.split()[-2] == "4"
    shown = lines(dead="there is no store at /x")
    assert "dead letters are not known: there is no store at /x" in shown


def test_workers_are_shown_with_age_and_what_they_serve_the_oldest_first() -> None:
    workers = [line.split() for line in lines() if "@host" in line]
    assert [worker[1] for worker in workers] == ["2m", "1m", "0s"]
    assert [worker[3] for worker in workers] == ["function-2", "function-1", "function-0"]


@pytest.mark.parametrize("functions", [1, 5, 200])
@pytest.mark.parametrize("height", [6, 24, 50])
def test_the_screen_is_never_overfilled(functions: int, height: int) -> None:
    shown = lines(functions=functions, height=height)
    assert len(shown) <= max(height, 8)
    assert all(len(line) <= 80 for line in shown)
    assert shown[-1].startswith("q quit")


def a_cause(number: int) -> Cause:
    return Cause(
        f"{number:012x}", "resize", "ValueError", "bad \x1b image", "images.py:7", "new",
        None, None, NOW - 3_600, NOW - 60, None, None, None, None, None, None,
        3, 0, 0, 0, 0, 0,
    )  # fmt: skip


def test_a_tall_screen_shows_the_newest_causes() -> None:
    causes = tuple(map(a_cause, range(9)))
    shown = lines(functions=200, height=50, causes=causes)
    assert len(shown) == 50
    named = [line for line in shown if line.startswith("00000000000")]
    assert len(named) == 5
    assert named[0].split() == [
        "000000000000", "1m", "3", "resize", "ValueError:", "bad", r"\x1b", "image"
    ]  # fmt: skip
    assert not [line for line in lines(height=24, causes=causes) if line.startswith("0000")]


def test_a_wide_screen_shows_rates_and_running_jobs() -> None:
    assert "a minute" in lines(width=120)[3]
    assert "a minute" not in lines()[3]


def test_a_pipe_gets_everything() -> None:
    shown = list(lines_for_a_pipe(Seen(an_overview(200), TALLY, NOW)))
    assert len(functions_of(shown)) == 200


def test_no_name_reaches_the_terminal_raw() -> None:
    text = "\n".join(lines())
    assert "\x1b" not in text
    assert r"evil\x1b[2J" in text


def test_keys_sort() -> None:
    assert functions_of(lines(pressed("a"))) == ["function-2", "function-1", "function-0"]
    assert functions_of(lines(pressed("a", "f")))[0] == "function-0"
    assert pressed("r").order == "running"


def test_a_filter_is_typed_and_taken_back() -> None:
    typing = pressed("/", "n", "-", "x", "rubout", "1")
    assert typing.typing
    assert functions_of(lines(typing)) == ["function-1"]
    assert "filter: n-1_" in lines(typing)
    assert functions_of(lines(typing.after("enter"))) == ["function-1"]
    assert typing.after("enter").after("q").quits
    assert typing.after("escape").pattern == ""
    assert not typing.after("q").quits


def test_scrolling_stops_at_both_ends() -> None:
    assert pressed("up").first == 0
    far = pressed(*["page down"] * 100)
    assert functions_of(lines(far, functions=50))[-1] == "function-49"


def test_what_a_terminal_sends_becomes_keys() -> None:
    assert list(named(b"q/\x1b[A\x1b[6~\r\x7f")) == [
        "q", "/", "up", "page down", "enter", "rubout",
    ]  # fmt: skip
    assert list(named(b"\x1b")) == ["escape"]
    assert list(named(b"\x1b[99~x")) == ["escape"]
    assert "q" not in list(named("é".encode()))


def test_how_queues_move_is_shown_and_sorts_the_worst_first() -> None:
    seen = an_overview()
    rows = tuple(
        row._replace(flow=Flow(verdict, 1), waited=90.0)
        for row, verdict in zip(seen.rows, (KEEPING_UP, STUCK, GROWING, EMPTY), strict=True)
    )
    screen = Console(file=io.StringIO(), width=80, markup=False, highlight=False)
    screen.print(view(Seen(seen._replace(rows=rows), TALLY, NOW), pressed("m"), 24))
    assert isinstance(screen.file, io.StringIO)
    shown = [line for line in screen.file.getvalue().splitlines() if line.startswith("function-")]
    moves = [line.split()[-1] for line in shown if "@" not in line]
    assert moves == ["stuck", "growing", "up"]
    assert "1m30s" in shown[0]
