"""``gearmang dead …`` as its users run it, on both engines."""

import json
import re
from pathlib import Path

import pytest

from gearmang.dead_letters.store.seam import Store
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import dead_job, dossier, many, put

COMMANDS = (
    "doctor",
    "edit",
    "export",
    "causes",
    "history",
    "import",
    "list",
    "migrate",
    "prune",
    "remove",
    "replay",
    "requeue",
    "resolve",
    "show",
    "stats",
    "undo",
)
ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e"


def test_list_shows_the_newest_first_and_pages(store: Store, gearmang: Gearmang) -> None:
    jobs = [*many(5)]
    for job in jobs:
        put(store, job)
    newest = [job.death_id for job in reversed(jobs)]
    assert [letter["id"] for letter in gearmang.json("list")] == newest
    page = gearmang.json("list", "--limit", "2", "--offset", "1")
    assert [letter["id"] for letter in page] == newest[1:3]
    assert "more: --offset 2" in gearmang.dead("list", "--limit", "2")


def test_show_takes_the_id_that_list_prints(store: Store, gearmang: Gearmang) -> None:
    job = dead_job(b'{"image": "a.png", "password": "hunter2"}')
    put(store, job)
    shown_id = gearmang.dead("list").splitlines()[1].split()[0]
    shown = gearmang.dead("show", shown_id)
    assert job.death_id in shown
    assert '"image": "a.png"' in shown
    assert "hunter2" not in shown
    assert shown.count("Traceback (most recent call last)") == 1
    assert shown.count("as in attempt 1") == 2
    assert re.search(r"submitted\s+to resize", shown)
    assert "hunter2" in gearmang.dead("show", shown_id, "--show-secrets")


def test_nothing_from_the_queue_reaches_the_terminal_as_an_escape(
    store: Store, gearmang: Gearmang
) -> None:
    job = dead_job(
        f"text {ESCAPES}".encode(),
        function=f"re{ESCAPES}",
        last=dossier(f"Err{ESCAPES}", f"message {ESCAPES}", frames=(f"a{ESCAPES}.py:f",)),
    )
    put(store, job)
    for command in (["list"], ["causes"], ["show", job.job_id], ["stats"]):
        output = gearmang.dead(*command)
        assert not set(output) & set(ESCAPES.replace("]0;owned", "").replace("[2J", "")), command
        assert "\\x1b" in output


def test_bytes_are_shown_in_hexadecimal(store: Store, gearmang: Gearmang) -> None:
    job = dead_job(b"\x00\x01\xfe" * 7)
    put(store, job)
    assert "00 01 fe" in gearmang.dead("show", job.job_id)
    assert gearmang.json("show", job.job_id)["payload"] == (b"\x00\x01\xfe" * 7).hex()


def test_causes_count_letters_by_cause(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(3), *many(5, error="KeyError"), *many(1, function="mail"))
    causes = gearmang.json("causes")
    assert [(cause["error_type"], cause["letters"]) for cause in causes[:2]] == [
        ("KeyError", 5),
        ("ValueError", 3),
    ]
    assert sum(causes[0]["arrivals_by_hour"]) == 5
    assert {cause["state"] for cause in causes} == {"new"}
    assert "█" in gearmang.dead("causes")


@pytest.mark.parametrize(
    "filters",
    [
        ("--function", "resi*"),
        ("--error", "KeyError"),
        ("--since", "1h"),
        ("--from-server", "gm1:*"),
        ("--grep", "bad"),
        ("--state", "all"),
    ],
)
def test_causes_and_list_agree_whatever_the_filter(
    store: Store, gearmang: Gearmang, filters: tuple[str, str]
) -> None:
    put(store, *many(3), *many(4, error="KeyError"), *many(2, function="mail"))
    gearmang.dead("remove", "--function", "mail", "--yes")
    letters = len(gearmang.json("list", *filters))
    assert letters > 0
    assert sum(cause["letters"] for cause in gearmang.json("causes", *filters)) == letters


def test_stats_count_states_functions_and_arrivals(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(3), *many(2, function="mail"))
    gearmang.dead("remove", "--function", "mail", "--yes")
    found = gearmang.json("stats")
    assert found["by_state"]["dead"] == 3
    assert found["by_state"]["removed"] == 2
    assert found["by_function"] == {"resize": 3}
    assert found["arrived"]["1h"] == 5
    assert gearmang.json("stats", "--since", "1h")["by_state"] == found["by_state"]
    assert "resize" in gearmang.dead("stats")


def test_a_bulk_action_without_consent_does_nothing_and_names_the_plan(
    store: Store, gearmang: Gearmang
) -> None:
    put(store, *many(3))
    refused = gearmang.dead("remove", "--function", "resize", code=1)
    plan = re.search(r"--plan (\w+)", refused)
    assert plan is not None
    assert len(gearmang.json("list")) == 3
    put(store, *many(2))  # not among those that the plan has frozen
    assert "removed 3" in gearmang.dead("remove", "--plan", plan[1], "--yes")
    assert len(gearmang.json("list")) == 2


def test_a_removal_can_be_undone_once(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(3))
    removed = json.loads(gearmang.dead("remove", "--error", "ValueError", "--yes", "--json"))
    assert gearmang.json("list") == []
    assert gearmang.json("undo", removed["plan"])["restored"] == 3
    assert len(gearmang.json("list")) == 3
    assert "nothing to take back" in gearmang.dead("undo", removed["plan"], code=1)


def test_a_letter_cannot_be_removed_twice(store: Store, gearmang: Gearmang) -> None:
    job = dead_job()
    put(store, job)
    gearmang.dead("remove", job.job_id, "--reason", "test data")
    assert "not dead any more" in gearmang.dead("remove", job.job_id, code=1)
    (event,) = [event for event in gearmang.json("history") if event["what"] == "remove done"]
    assert event["why"] == "test data"
    assert event["who"]


def test_an_edit_keeps_the_original_and_the_difference(store: Store, gearmang: Gearmang) -> None:
    job = dead_job(b'{"size": {"width": 10}, "tags": ["a"]}')
    put(store, job)
    told = gearmang.dead("edit", job.job_id, "--set", "size.width=640", "--set", "tags.0=b")
    assert '+    "width": 640' in told
    shown = gearmang.json("show", job.job_id)
    assert shown["payload"] == {"size": {"width": 640}, "tags": ["b"]}
    edits = [step for step in shown["lineage"] if step["what"] == "edited"]
    assert '-    "width": 10' in edits[0]["detail"]
    assert "leads nowhere" in gearmang.dead("edit", job.job_id, "--set", "tags.9=c", code=1)


def test_the_editor_may_change_the_payload(
    store: Store, gearmang: Gearmang, tmp_path: Path
) -> None:
    job = dead_job(b'{"size": 1}')
    put(store, job)
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/1/2/' \"$1\"\n")
    editor.chmod(0o755)
    assert '"size": 2' in gearmang.dead("edit", job.job_id, EDITOR=str(editor))
    editor.write_text("#!/bin/sh\necho '{' > \"$1\"\n")
    assert "no JSON" in gearmang.dead("edit", job.job_id, code=1, EDITOR=str(editor))
    assert gearmang.json("show", job.job_id)["payload"] == {"size": 2}


def test_a_resolved_cause_is_reopened_by_a_death_in_new_code(
    store: Store, gearmang: Gearmang
) -> None:
    put(store, *many(2))
    (group,) = gearmang.json("causes")
    gearmang.dead("resolve", group["fingerprint"][:6], "--revision", "r2")

    def state() -> str:
        return str(gearmang.json("causes")[0]["state"])

    assert state() == "resolved"
    put(store, dead_job())  # in r1: a worker that was not deployed yet
    assert state() == "resolved"
    assert put(store, dead_job(last=dossier(revision="r2"))).first_of == {
        group["fingerprint"]: "reopened"
    }
    assert state() == "reopened"


def test_resolving_may_close_the_letters_and_be_undone(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(2))
    (group,) = gearmang.json("causes")
    closed = json.loads(gearmang.dead("resolve", group["fingerprint"], "--close", "--json"))
    assert closed["closed"] == 2
    assert gearmang.json("list") == []
    assert gearmang.json("undo", closed["plan"])["restored"] == 2


def test_an_unknown_id_or_store_is_one_line_and_exit_1(gearmang: Gearmang, tmp_path: Path) -> None:
    for arguments in (["show", "abc"], ["undo", "abc"], ["resolve", "abc"], ["edit", "abc"]):
        assert gearmang.dead(*arguments, code=1).count("\n") == 1
    missing = Gearmang(str(tmp_path / "none" / "letters.db"))
    assert "no store" in missing.dead("list", code=1)
    assert "cannot be made" in missing.dead("migrate", code=1)
    assert "of no engine that is known" in Gearmang("mysql://x@y/z").dead("list", code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--since", "yesterday"),
        ("list", "--limit", "0"),
        ("requeue",),
        ("requeue", "abc", "--function", "x"),
        ("remove", "--plan", "x", "abc"),
        ("edit", "abc", "--set", "x", "--data", "/dev/null"),
        ("prune", "--archive", "x"),
    ],
)
def test_bad_options_are_a_usage_error(gearmang: Gearmang, arguments: tuple[str, ...]) -> None:
    assert "Usage" in gearmang.dead(*arguments, code=2)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(command: str) -> None:
    assert f"Example: gearmang dead {command}" in Gearmang("none").dead(command, "--help")


def test_what_people_say_of_a_cause_is_in_causes(store: Store, gearmang: Gearmang) -> None:
    put(store, dead_job())
    (cause,) = gearmang.json("causes")
    name = cause["fingerprint"][:8]
    gearmang.dead("note", name, "sizes of null")
    gearmang.dead("assign", name, "anna")
    gearmang.dead("link", name, "https://tracker/17")
    gearmang.dead("snooze", name, "5", "--reason", "mended soon")
    told = gearmang.dead("causes")
    assert "known, quiet for 5 more" in told
    assert f"{cause['fingerprint']}: anna; sizes of null; https://tracker/17" in told
    gearmang.dead("snooze", name, "2h")
    assert "quiet until" in gearmang.dead("causes")
    gearmang.dead("snooze", name, "off")
    assert "quiet" not in gearmang.dead("causes")
    assert "is past" in gearmang("dead", "snooze", name, "2001-01-01").stderr
    assert "cause: snoozed" in gearmang.dead("history")
