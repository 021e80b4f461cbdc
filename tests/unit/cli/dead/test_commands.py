"""``gearmang dead …`` on a store, without gearmand: what is printed, and what is changed by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from gearmang.cli import gearmang
from gearmang.cli.dead import dead as dead_group
from gearmang.dead_letters.store.errors import NoSuchLetter, NotAllowed
from gearmang.errors import NotQueued
from gearmang.job import client as client_module
from gearmang.job.dossier import Dossier
from tests.unit.dead_letters.conftest import FakeClient, dead

if TYPE_CHECKING:
    from gearmang.dead_letters.store.seam import Store

Put = Callable[..., list[int]]
COMMANDS = dead_group.list_commands(None)  # type: ignore[arg-type]  # it does not look at its context
ESCAPE = "\x1b[31m"


class Gearmand(FakeClient):
    """Stands where a command makes its client."""

    def __call__(self, _servers: object) -> Gearmand:
        return self

    def __enter__(self) -> Gearmand:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def gearmand(monkeypatch: pytest.MonkeyPatch) -> Gearmand:
    fake = Gearmand()
    monkeypatch.setattr(client_module, "Client", fake)
    return fake


@pytest.fixture
def run(store: Store) -> Callable[..., Result]:
    def run(*arguments: object, fails: bool = False, given: str | None = None) -> Result:
        told = CliRunner().invoke(
            gearmang,
            ["dead", *map(str, arguments)],
            input=given,
            env={"GEARMANG_STORE": str(store), "COLUMNS": "300"},
        )
        assert (told.exit_code != 0) == fails, (told.output, told.exception)
        return told

    return run


def read(run: Callable[..., Result], *arguments: object) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run: Callable[..., Result], command: str) -> None:
    assert f"Example: gearmang dead {command}" in " ".join(run(command, "--help").output.split())


def test_causes_answers_to_its_former_name(run: Callable[..., Result], put: Put) -> None:
    put(dead())
    assert run("groups").output == run("causes").output
    assert "groups" not in run("--help").output


def test_a_list_tells_all_tries_of_a_job_that_had_more_than_its_history_holds(
    run: Callable[..., Result], put: Put
) -> None:
    job = dead(delivery=40)
    put(job)
    (told,) = read(run, "list")
    assert (told["attempts"], told["id"]) == (40, f"{job.job_id}-40")
    head, row = run("list").output.splitlines()[:2]
    assert row.split()[head.split().index("TRIES")] == "40"


def test_a_list_says_where_the_next_page_begins(run: Callable[..., Result], put: Put) -> None:
    put(*(dead() for _ in range(3)))
    assert run("list", "--limit", "2").output.endswith("more: --offset 2\n")
    assert "more" not in run("list", "--limit", "2", "--offset", "2").output
    assert run("list", "--offset", "3").output == "no more dead letters\n"


def test_a_store_without_letters_says_so(run: Callable[..., Result]) -> None:
    assert run("list").output == run("causes").output == "no dead letters\n"
    assert read(run, "list") == read(run, "causes") == []


def test_a_letter_is_shown_with_its_payload_attempts_and_lineage(
    run: Callable[..., Result], put: Put
) -> None:
    job = dead(b'{"password": "geheim", "size": 7}')
    put(job)
    told = run("show", job.job_id[-12:].rjust(32, "0")).output
    assert "geheim" not in told
    assert "shop.py:resize" in told
    assert "attempt 0 failure" in told or "attempt 1 failure" in told
    assert "geheim" in run("show", job.job_id, "--show-secrets").output
    whole = read(run, "show", job.job_id)
    assert whole["payload"]["size"] == 7
    assert whole["lineage"][0]["what"] == "submitted"
    assert whole["lineage"][-1]["what"] == "died"


def test_secrets_in_a_dossier_are_hidden_unless_they_are_asked_for(
    run: Callable[..., Result], put: Put
) -> None:
    failed = Dossier(outcome="failure", error_type="E", stderr="password=heimlich")
    job = dead(history=(failed,))
    put(job)
    assert "heimlich" not in run("show", job.job_id).output
    assert "heimlich" in run("show", job.job_id, "--show-secrets").output


def test_no_escape_from_the_queue_reaches_the_terminal(
    run: Callable[..., Result], put: Put
) -> None:
    job = dead(ESCAPE.encode(), function=f"f{ESCAPE}")
    put(job)
    for command in (("list",), ("causes",), ("stats",), ("show", job.job_id)):
        assert ESCAPE not in run(*command).output


def test_letters_are_counted_by_state_function_and_error(
    run: Callable[..., Result], put: Put
) -> None:
    put(dead(), dead(), dead(function="mail"))
    run("remove", "--function", "mail", "--yes")
    told = read(run, "stats")
    assert {state: count for state, count in told["by_state"].items() if count} == {
        "dead": 2,
        "removed": 1,
    }
    assert told["by_function"] == {"resize": 2}
    assert told["by_error"] == {"ValueError": 2}
    assert told["arrived"]["1h"] == 3
    assert "resize" in run("stats", "--since", "1h").output


def test_what_a_filter_chooses_is_done_only_when_somebody_agrees(
    run: Callable[..., Result], put: Put
) -> None:
    put(dead(), dead())
    refused = run("remove", "--function", "resize", fails=True)
    assert isinstance(refused.exception, NotAllowed)
    assert "nobody is here to agree" in str(refused.exception)
    assert len(read(run, "list")) == 2
    assert run("remove", "--function", "resize", "--yes").output.count("removed 2 ") == 1
    assert read(run, "list") == []


def test_a_dry_run_makes_a_plan_that_can_be_carried_out_later(
    run: Callable[..., Result], put: Put
) -> None:
    put(dead(), dead())
    plan = json.loads(run("remove", "--error", "Value*", "--dry-run", "--json").stdout)
    assert (plan["letters"], [cause["letters"] for cause in plan["causes"]]) == (2, [2])
    assert len(read(run, "list")) == 2
    run("remove", "--plan", plan["plan"], "--yes")
    assert read(run, "list") == []


def test_letters_are_chosen_in_one_way(run: Callable[..., Result], put: Put) -> None:
    put(dead())
    assert run("remove", fails=True).exit_code == 2
    assert run("remove", "1", "--function", "resize", fails=True).exit_code == 2


def test_a_letter_that_is_gone_is_not_removed_twice(run: Callable[..., Result], put: Put) -> None:
    job = dead()
    put(job)
    run("remove", job.job_id)
    again = run("remove", job.job_id, fails=True)
    assert "is not dead any more: it was removed by plan" in str(again.exception)


def test_a_removal_is_taken_back_and_both_are_in_the_history(
    run: Callable[..., Result], put: Put, gearmand: Gearmand
) -> None:
    job = dead()
    put(job)
    plan = read(run, "remove", job.job_id, "--reason", "test data")["plan"]
    assert read(run, "undo", plan) == {"plan": plan, "restored": 1, "kept": 0}
    events = read(run, "history", "--plan", plan)
    assert [event["what"] for event in events if not event["what"].startswith("plan")] == [
        "undo of remove: undone",
        "remove done",
    ]
    assert "test data" in run("history").output
    assert [letter["state"] for letter in read(run, "list")] == ["dead"]


def test_a_requeue_sends_the_letters_and_says_the_plan(
    run: Callable[..., Result], put: Put, gearmand: Gearmand
) -> None:
    first, second = dead(b"one"), dead(b"two")
    put(first, second)
    assert run("requeue", first.job_id).output.startswith("requeued 1 (plan ")
    told = read(run, "requeue", second.job_id, "--to", "other")
    assert (told["requeued"], told["skipped"], told["unfit"]) == (1, 0, 0)
    assert [(job.function, job.payload) for job in gearmand.queued.values()] == [
        ("resize", b"one"),
        ("other", b"two"),
    ]


def test_a_letter_that_cannot_be_queued_stays_and_the_mend_is_told(
    run: Callable[..., Result], put: Put, gearmand: Gearmand
) -> None:
    job = dead(function=None)
    put(job)
    assert "requeue ID --to FUNCTION" in run("requeue", job.job_id).output
    assert not gearmand.queued


def test_no_letter_is_touched_while_gearmand_is_down(
    run: Callable[..., Result], put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Down(Gearmand):
        def queue(self, jobs: Any) -> Any:
            raise NotQueued("refused")
            yield

    monkeypatch.setattr(client_module, "Client", Down())
    job = dead()
    put(job)
    failed = run("requeue", job.job_id, fails=True)
    assert "no letter was touched" in str(failed.exception)
    assert [letter["state"] for letter in read(run, "list")] == ["dead"]


def test_a_resolved_cause_can_close_its_letters(run: Callable[..., Result], put: Put) -> None:
    put(dead(), dead())
    (cause,) = read(run, "causes")
    told = read(run, "resolve", cause["fingerprint"][:6], "--close", "--revision", "r2")
    assert (told["state"], told["revision"], told["closed"]) == ("resolved", "r2", 2)
    assert [one["state"] for one in read(run, "list", "--state", "all")] == ["resolved"] * 2
    assert "is resolved" in run("resolve", cause["fingerprint"]).output


def test_what_people_say_of_a_cause_stands_beside_it(run: Callable[..., Result], put: Put) -> None:
    put(dead())
    name = read(run, "causes")[0]["fingerprint"]
    run("note", name, "the image server sends HTML")
    run("assign", name, "anna")
    run("link", name, "https://tracker/17")
    (cause,) = read(run, "causes")
    assert (cause["note"], cause["assigned"], cause["link"]) == (
        "the image server sends HTML",
        "anna",
        "https://tracker/17",
    )
    assert "anna; the image server sends HTML; https://tracker/17" in run("causes").output
    assert isinstance(run("link", name, "ftp://x", fails=True).exception, NotAllowed)


@pytest.mark.parametrize(
    ("end", "told", "shown"),
    [("3", "until 3 more letters", "quiet for 3 more"), ("2h", "until ", "quiet until")],
)
def test_a_cause_can_be_quiet_for_letters_or_for_a_time(
    run: Callable[..., Result], put: Put, end: str, told: str, shown: str
) -> None:
    put(dead())
    name = read(run, "causes")[0]["fingerprint"]
    assert told in run("snooze", name, end).output
    assert shown in run("causes").output
    assert "alerts again" in run("snooze", name, "off").output
    assert "quiet" not in run("causes").output


@pytest.mark.parametrize("end", ["yesterday-ish", "2001-01-01"])
def test_a_cause_is_not_quiet_until_a_time_that_is_none_or_past(
    run: Callable[..., Result], put: Put, end: str
) -> None:
    put(dead())
    assert run("snooze", read(run, "causes")[0]["fingerprint"], end, fails=True).exit_code == 2


def test_an_edit_by_options_changes_one_value_and_shows_the_difference(
    run: Callable[..., Result], put: Put
) -> None:
    job = dead(b'{"size": {"width": 1}}')
    put(job)
    assert '+    "width": 640' in run("edit", job.job_id, "--set", "size.width=640").output
    assert read(run, "show", job.job_id)["payload"] == {"size": {"width": 640}}
    told = read(run, "show", job.job_id)["lineage"]
    assert "edited" in [step["what"] for step in told]
    assert run("edit", job.job_id, "--set", "nothing", fails=True).exit_code == 2


def test_an_export_goes_into_another_store_and_comes_twice_without_doubles(
    run: Callable[..., Result], put: Put, tmp_path: Path
) -> None:
    put(dead(b"\xff\x00"), dead())
    file, other = tmp_path / "letters.jsonl", tmp_path / "other.db"
    run("export", "--output", file)
    assert file.stat().st_mode & 0o777 == 0o640
    assert read(run, "import", file, "--store", other) == {"imported": 2, "known_before": 0}
    assert read(run, "import", file, "--store", other) == {"imported": 0, "known_before": 2}
    assert len(read(run, "list", "--store", other)) == 2


def test_a_line_that_is_no_letter_is_named_and_the_others_are_taken(
    run: Callable[..., Result], put: Put, tmp_path: Path
) -> None:
    put(dead())
    file = tmp_path / "letters.jsonl"
    run("export", "--output", file)
    file.write_bytes(b"nonsense\n" + file.read_bytes())
    failed = run("import", file, "--store", tmp_path / "other.db", fails=True)
    assert "line 1 is no exported dead letter" in failed.stderr
    assert "imported 1; 0 were there already" in failed.stdout


def test_a_store_is_copied_whole_into_a_new_one(
    run: Callable[..., Result], store: Store, put: Put, tmp_path: Path
) -> None:
    put(dead(), dead())
    new = tmp_path / "new.db"
    assert read(run, "copy", "--from", store, "--to", new)["imported"] == 2
    assert run("copy", "--from", new, "--to", new, fails=True).exit_code == 2


def test_old_letters_are_pruned_into_an_archive_when_somebody_agrees(
    run: Callable[..., Result], put: Put, tmp_path: Path
) -> None:
    put(dead(), now=1e9)
    put(dead())
    archive = tmp_path / "pruned.jsonl"
    assert run("prune", "--archive", archive, fails=True).exit_code == 2
    refused = run("prune", "--older-than", "30d", "--archive", archive, fails=True)
    assert "about 1 letters would be, with --yes" in str(refused.exception)
    assert read(run, "prune", "--older-than", "30d", "--archive", archive, "--yes")["pruned"] == 1
    assert len(archive.read_bytes().splitlines()) == 1
    assert len(read(run, "list")) == 1


def test_migrating_a_store_twice_finds_nothing_to_do(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    new = tmp_path / "new.db"
    assert "before: no tables" in run("migrate", "--store", new).output
    assert "already" in run("migrate", "--store", new).output
    told = read(run, "migrate", "--store", new)
    assert told["before"] == told["after"]


def test_a_test_made_of_a_letter_is_never_written_over_another(
    run: Callable[..., Result], put: Put, tmp_path: Path
) -> None:
    job = dead()
    put(job)
    file = tmp_path / "test_dead.py"
    run("replay", job.job_id, "--worker", "shop:resize", "--pytest", file)
    assert job.job_id in file.read_text()
    again = run("replay", job.job_id, "--worker", "shop:resize", "--pytest", file, fails=True)
    assert "cannot be written" in str(again.exception)


def test_the_doctor_finds_a_gearmand_that_is_not_there_and_what_waits_in_the_spool(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "one.job").touch()
    told = run(
        "doctor", "--server", "127.0.0.1:1", "--spool", tmp_path, "--json", fails=True
    )  # fmt: skip
    verdicts = {one["question"]: one["verdict"] for one in json.loads(told.stdout)}
    assert verdicts["store can be read"] == verdicts["store can be written"] == "ok"
    assert verdicts["spool is empty"] == verdicts["127.0.0.1:1 answers"] == "bad"


def test_an_id_that_no_letter_has_is_told_with_the_command_that_shows_them(
    run: Callable[..., Result],
) -> None:
    failed = run("show", "abc", fails=True)
    assert isinstance(failed.exception, NoSuchLetter)
    assert "gearmang dead list" in str(failed.exception)
