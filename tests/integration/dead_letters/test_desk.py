"""Bulk edits, and plans that are paused, resumed and stopped: from one terminal and another."""

import json
import re
import signal
import subprocess
from pathlib import Path

from gearmang.dead_letters.store.seam import Store
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.dead_letters.command import Gearmang
from tests.integration.dead_letters.letters import many, put


def payloads(gearmang: Gearmang) -> list[bytes]:
    lines = gearmang.dead("export").splitlines()
    return sorted(json.loads(line)["payload"].encode() for line in lines)


def test_letters_are_edited_by_filter_as_a_plan_and_taken_back(
    store: Store, gearmang: Gearmang
) -> None:
    put(store, *many(5), *many(2, error="OSError"))
    before = payloads(gearmang)
    told = gearmang.dead("edit", "--error", "ValueError", "--set", "image=0", "--dry-run")
    assert told.count('+  "image": 0') == 3
    assert payloads(gearmang) == before
    (plan,) = re.findall(r"plan (\w{8}): edit 5 letters", told)
    assert "nobody is here" in gearmang.dead("edit", "--plan", plan, code=1)
    done = gearmang.json("edit", "--plan", plan, "--yes")
    assert (done["edited"], done["unchanged"]) == (4, 1)
    assert payloads(gearmang).count(b'{"image":0}') == 4
    assert gearmang.json("undo", plan)["restored"] == 4
    assert payloads(gearmang) == before


def test_a_dry_run_of_an_edit_masks_secrets(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(2))
    arguments = ("edit", "--error", "ValueError", "--set", "password=hunter2", "--dry-run")
    told = json.dumps(gearmang.json(*arguments)) + gearmang.dead(*arguments)
    told += gearmang.dead("plans") + json.dumps(gearmang.json("plans")) + gearmang.dead("history")
    assert "password" in told
    assert "hunter2" not in told


def test_what_is_to_change_is_said_once(store: Store, gearmang: Gearmang) -> None:
    put(store, *many(2))
    assert "say what" in gearmang.dead("edit", "--error", "ValueError", code=2)
    told = gearmang.dead("edit", "--error", "ValueError", "--jq", ".a |", code=1)
    assert "syntax error" in told
    plan = gearmang.json("edit", "--error", "ValueError", "--set", "a=1", "--dry-run")["plan"]
    assert "already" in gearmang.dead("edit", "--plan", plan, "--set", "a=2", code=2)


class Requeue:
    """A slow requeue in a process of its own."""

    def __init__(self, gearmang: Gearmang, log: Path) -> None:
        self.log = log
        self.process = gearmang.start(
            *("dead", "requeue", "--function", "resize", "--yes", "--rate", "20", "--batch", "2"),
            log=log,
        )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def end(self) -> int:
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def test_a_requeue_is_paused_and_resumed_from_another_terminal(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    put(store, *many(60))
    here = gearmang.at(gearmand.address)
    run = Requeue(here, tmp_path / "requeue.log")
    await_that(lambda: here.json("plans", "--open"), "the plan is under way")
    (plan,) = here.json("plans", "--open")
    assert "paused" in here.dead("pause", plan["plan"], "--reason", "the disk is full")
    await_that(lambda: "paused by" in run.said, "it says that it is paused")
    (paused,) = here.json("plans", "--open")
    assert (paused["state"], paused["rate"]) == ("paused", 20)
    sent = gearmand.functions()["resize"][0]
    assert 0 <= sent == paused["done"] < 60
    assert "paused by" in here.dead("plans")
    here.dead("resume", plan["plan"])
    assert run.end() == 0
    assert gearmand.functions()["resize"][0] == 60
    told = {event["what"]: event["why"] for event in here.json("history")}
    assert told["paused"] == "the disk is full"
    assert "resumed" in told


def test_ctrl_c_says_how_many_went_and_how_to_go_on(
    store: Store, gearmang: Gearmang, gearmand: Gearmand, tmp_path: Path
) -> None:
    put(store, *many(40))
    here = gearmang.at(gearmand.address)
    run = Requeue(here, tmp_path / "requeue.log")
    await_that(lambda: gearmand.functions().get("resize", (0,))[0] > 1, "some went")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 130
    sent = gearmand.functions()["resize"][0]
    assert f"stopped: {sent} requeued of 40 letters, {40 - sent} are left" in run.said
    (words,) = re.findall(r"go on with: gearmang dead (.*)", run.said)
    assert f"--server {gearmand.address}" in words
    here.dead(*words.replace("--rate 20", "").split())
    assert gearmand.functions()["resize"][0] == 40
    assert here.json("plans")[0]["state"] == "done"
