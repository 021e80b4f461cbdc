"""The commands of ``gearmang logs``."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gearmang.cli import gearmang
from gearmang.cli.logs import logs
from gearmang.records.errors import RecordsError
from tests.unit.records.conftest import line

COMMANDS = logs.list_commands(None)  # type: ignore[arg-type]  # it does not look at its context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three records: a task with a child, and a failed attempt of another."""
    when = "2024-11-24T10:00:00Z"
    lines = [
        line(ts=when, id="a" * 32, type="resize.db", parent="1" * 16),
        line(ts=when, id="a" * 32, span="1" * 16, fields={"image": {"bytes": 5}}),
        line(
            task="mail",
            type="mail",
            outcome="failure",
            error_type="ValueError",
            error_message="\x1b[31mbad",
            ts="2024-11-24T10:05:00Z",
        ),
    ]
    text = "".join(json.dumps(one) + "\n" for one in lines)
    (tmp_path / "tasks-2024112410.jsonl").write_text(text)
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(gearmang, ["logs", *map(str, arguments)])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    told = run(command, "--help")
    assert told.exit_code == 0
    assert f"gearmang logs {command}" in " ".join(told.output.split())


@pytest.mark.parametrize("command", ["stats", "slow", "failures", "top"])
def test_answers_are_arrays_of_json_and_csv(folder: Path, command: str) -> None:
    rows = json.loads(run(command, "--records", folder, "--json").stdout)
    assert isinstance(rows, list)
    table = list(csv.DictReader(io.StringIO(run(command, "--records", folder, "--csv").stdout)))
    assert [row.get("task") for row in table] == [row.get("task") for row in rows]


def test_records_are_found_by_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEARMANG_RECORDS", str(folder))
    assert "resize" in run("stats").output


def test_a_trace_is_printed_as_a_tree(folder: Path) -> None:
    told = run("trace", "aaaaaaaa", "--records", folder).output.splitlines()
    assert "resize" in told[1]
    assert told[2].startswith("    ")
    assert "resize.db" in told[2]


def test_a_trace_as_json_has_the_fields_as_an_object(folder: Path) -> None:
    rows = json.loads(run("trace", "aaaaaaaa", "--records", folder, "--json").output)
    assert {"image": {"bytes": 5}} in [row.get("fields") for row in rows]
    assert all(value is not None for row in rows for value in row.values())


def test_an_unknown_id_is_an_error(folder: Path) -> None:
    told = run("trace", "bbbbbbbb", "--records", folder)
    assert isinstance(told.exception, RecordsError)
    assert run("trace", "b", "--records", folder).exit_code == 2


def test_nothing_that_a_terminal_would_obey_is_printed(folder: Path) -> None:
    for command in (["view", "--no-follow"], ["failures"], ["view", "--no-follow", "--group"]):
        told = run(*command, "--records", folder)
        assert "\x1b" not in told.output
        assert "\\x1b[31mbad" in told.output


def test_view_filters(folder: Path) -> None:
    told = run("view", "--no-follow", "--records", folder, "--where", "image.bytes=5", "--json")
    assert json.loads(told.output)["fields"] == {"image": {"bytes": 5}}
    assert (
        len(
            run("view", "--no-follow", "--records", folder, "--type", "resize*").output.splitlines()
        )
        == 2
    )
    assert "mail" in run("view", "--no-follow", "--records", folder, "--outcome", "failure").output


def test_view_groups_children_below_their_root(folder: Path) -> None:
    told = run("view", "--no-follow", "--group", "--records", folder, "--task", "resize")
    root, child = told.output.splitlines()[-2:]
    assert "resize.db" in child
    assert child.startswith("  ")
    assert not root.startswith(" ")


def test_any_question_in_sql(folder: Path) -> None:
    told = run("sql", "SELECT count(*) AS n FROM tasks", "--records", folder, "--json")
    assert json.loads(told.output) == [{"n": 2}]
    assert isinstance(run("sql", "SELEC", "--records", folder).exception, RecordsError)


def test_a_plot_is_one_file(folder: Path, tmp_path: Path) -> None:
    told = run("plot", "--records", folder, "-o", tmp_path / "p.html")
    assert told.output.strip() == str(tmp_path / "p.html")
    assert "<svg" in (tmp_path / "p.html").read_text()
    assert isinstance(run("plot", "--records", folder, "-o", "/none/p").exception, RecordsError)


def test_ship_check_fails_while_records_are_missing(folder: Path, tmp_path: Path) -> None:
    central = tmp_path / "central"
    central.mkdir()
    local = str(folder / "tasks-2024112410.jsonl")
    arguments = ["ship-check", "--local", local, "--central", str(central)]
    assert run(*arguments).exit_code == 1
    told = json.loads(run(*arguments, "--json", "--reship", "--into", str(central)).output)
    assert (told["written"], len(told["missing"])) == (3, 3)
    assert run(*arguments).exit_code == 0


def test_lines_are_ingested_from_standard_input(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        gearmang, ["logs", "ingest", "--into", str(tmp_path), "--type", "app"], input="one\ntwo\n"
    )
    assert told.output.startswith("2 records")
    assert len(run("view", "--no-follow", "--records", tmp_path).output.splitlines()) == 2


def test_what_is_not_old_enough_stays(folder: Path, tmp_path: Path) -> None:
    told = run("archive", "--records", folder, "--to", tmp_path / "a", "--older-than", "9999w")
    assert told.output == "nothing is old enough\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["stats", "--since", "soon"],
        ["stats", "--every", "0s"],
        ["stats", "--every", "5x"],
        ["stats", "--where", "task"],
        ["slow", "-n", "0"],
        ["archive"],
        ["ship-check", "--local", "x"],
    ],
)
def test_bad_options_are_one_line_with_the_usage(arguments: list[str]) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert told.output.startswith("Usage:")


def test_a_bad_file_is_named_and_with_strict_the_exit_code_is_1(folder: Path) -> None:
    (folder / "half.jsonl.gz").write_bytes(b"no gzip")
    told = run("stats", "--records", folder)
    assert (told.exit_code, "half.jsonl.gz was left out" in told.stderr) == (0, True)
    assert run("stats", "--records", folder, "--strict").exit_code == 1


def test_times_are_shown_with_their_offset_and_are_utc_for_programs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        shown = [run(one, "--records", folder).output for one in ("slow", "failures")]
        shown.append(run("view", "--no-follow", "--records", folder).output)
        assert all("2024-11-24 15:35:00.000 +0530" in text for text in shown)
        (row,) = json.loads(run("failures", "--records", folder, "--json").output)
        assert row["last"] == "2024-11-24T10:05:00Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_view_takes_a_glob_and_says_a_missing_path(folder: Path) -> None:
    told = run("view", "--no-follow", "--records", f"{folder}/*.jsonl")
    assert len(told.output.splitlines()) == 3
    missing = run("view", "--no-follow", "--records", folder / "none")
    assert isinstance(missing.exception, RecordsError)


def test_odd_values_are_told(folder: Path) -> None:
    with (folder / "odd.jsonl").open("w") as out:
        out.write(json.dumps(line(duration_ms=float("nan"))) + "\n")
    assert "1 odd values" in run("stats", "--records", folder).stderr
