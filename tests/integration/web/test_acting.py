"""Operators act on letters through the page, as themselves; nobody else does."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from gearmang.dead_letters.looking.browse import body, find
from gearmang.dead_letters.looking.history import history
from gearmang.dead_letters.store.migrating import migrate
from gearmang.dead_letters.store.seam import Store
from gearmang.job.envelope import Envelope
from tests.daemons.gearmand import Gearmand
from tests.daemons.process import await_that
from tests.integration.dead_letters.letters import dead_job, many, put
from tests.integration.dead_letters.scripted_worker import ScriptedWorker
from tests.integration.web.serving import Serve

SECRETS = {name: f"{name}-has-a-long-token" for name in ("alice", "bob", "carol")}
ROLES = """
[[role]]
users = ["alice", "bob"]
rights = ["view", "requeue", "edit", "remove"]

[[role]]
users = ["carol"]
rights = ["view", "requeue"]
functions = ["thumb*"]
"""


class Office(NamedTuple):
    """A page with changes, a gearmand and a store."""

    serve: Serve
    gearmand: Gearmand
    store: Store

    def post(
        self, who: str, path: str, *fields: tuple[str, str], **headers: str
    ) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.serve.post(path, fields, as_(who) | named)

    def plan(self, who: str, action: str, *ids: str) -> str:
        """The id of a plan that the page has made."""
        fields = [("action", action), *(("id", one) for one in ids)]
        status, text = self.post(who, "/plans", *fields)
        assert status == 200, text
        found = re.search(r"/plans/([0-9a-f]{8})/start", text)
        assert found is not None
        return found[1]

    def state(self, death_id: str) -> str:
        with self.store.reading() as connection:
            return str(find(connection, death_id).state)

    def payload(self, death_id: str) -> bytes:
        with self.store.reading() as connection:
            return bytes(body(connection, find(connection, death_id).id).payload)

    def deeds(self) -> list[tuple[str, str]]:
        with self.store.reading() as connection:
            return [(one.who, one.what) for one in history(connection, limit=500)]


def as_(name: str) -> dict[str, str]:
    text = base64.b64encode(f"{name}:{SECRETS[name]}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    tokens, roles, path = folder / "tokens", folder / "roles.toml", folder / "letters.db"
    tokens.write_text("".join(f"{name} {token}\n" for name, token in SECRETS.items()))
    tokens.chmod(0o600)
    roles.write_text(ROLES)
    with Store(str(path), timeout=5.0) as store, Gearmand(folder) as gearmand:
        migrate(store)
        options = ("--allow-changes", "--token-file", tokens, "--roles", roles)
        with Serve(folder, "--server", gearmand.address, *options, store=path) as serve:
            yield Office(serve, gearmand, store)


def letter(office: Office, payload: bytes = b'{"image": 7}', function: str = "resize") -> str:
    job = dead_job(payload, function=function)
    put(office.store, job)
    return job.death_id


def is_mended(job: Envelope) -> bool:
    return bool(json.loads(job.payload).get("size") == 640)


@pytest.mark.parametrize("with_script", [True, False])
def test_a_letter_is_edited_and_sent_back_as_a_canary(
    browser: Browser, office: Office, with_script: bool
) -> None:
    function = f"walk{with_script}".lower()
    death_id = letter(office, b'{"size": 1}', function)
    credentials = {"username": "alice", "password": SECRETS["alice"]}
    with (
        ScriptedWorker(office.gearmand.address, function, is_mended),
        browser.new_context(
            java_script_enabled=with_script,
            http_credentials=credentials,  # type: ignore[arg-type] # its keys are known
        ) as context,
    ):
        page = context.new_page()
        page.goto(f"{office.serve.url}/letters?function={function}")
        page.get_by_role("table").get_by_role("link").first.click()
        page.get_by_role("link", name="Edit the payload").click()
        page.get_by_label("Payload").fill('{"size": 640}')
        page.get_by_role("button", name="Show the difference").click()
        expect(page.get_by_label("Difference")).to_contain_text("640")
        assert office.payload(death_id) == b'{"size": 1}'
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Payload")).to_contain_text("640")
        page.get_by_label("Why").fill("too small")
        page.get_by_role("button", name="Requeue…").click()
        page.get_by_label("Canary").fill("1")
        page.get_by_role("button", name="Carry out").click()
        await_that(lambda: office.state(death_id) == "resolved", "the canary has ended")
        await_that(lambda: ("alice", "requeue done") in office.deeds(), "and is in the history")
        page.reload()
        expect(page.get_by_role("main")).to_contain_text("1 succeeded")
        expect(page.get_by_role("main")).to_contain_text("too small")


def test_a_removal_is_undone(browser: Browser, office: Office) -> None:
    death_id = letter(office)
    plan = office.plan("bob", "remove", death_id)
    assert office.state(death_id) == "dead"
    office.post("bob", f"/plans/{plan}/start")
    await_that(lambda: office.state(death_id) == "removed", "it is removed")
    await_that(lambda: "is done" in office.post("bob", f"/plans/{plan}/start")[1], "it ended")
    office.post("bob", f"/plans/{plan}/undo", ("why", "wrong one"))
    await_that(lambda: office.state(death_id) == "dead", "it is dead again")
    await_that(lambda: ("bob", "undo of remove: undone") in office.deeds(), "and told")


def test_a_requeue_is_undone_while_nobody_has_started_it(office: Office) -> None:
    death_id = letter(office, function="nobody_serves")
    plan = office.plan("alice", "requeue", death_id)
    office.post("alice", f"/plans/{plan}/start")
    await_that(lambda: ("alice", "requeue done") in office.deeds(), "it is done")
    await_that(lambda: office.state(death_id) == "requeued", "it is requeued")

    def undone() -> bool:
        office.post("alice", f"/plans/{plan}/undo")
        return office.state(death_id) == "dead"

    await_that(undone, "it is dead again")


def test_all_that_match_are_frozen_in_a_plan(office: Office) -> None:
    put(office.store, *many(70, function="frozen"))
    fields = (("action", "remove"), ("which", "all"), ("function", "frozen"))
    _, text = office.post("alice", "/plans", *fields)
    put(office.store, *many(5, function="frozen"))
    assert "remove 70 letters" in text


def test_two_operators_never_act_twice_on_one_letter(office: Office) -> None:
    death_id = letter(office, function="twice")
    first, second = (office.plan(who, "requeue", death_id) for who in ("alice", "bob"))
    with ScriptedWorker(office.gearmand.address, "twice") as worker:
        office.post("alice", f"/plans/{first}/start")
        await_that(lambda: office.state(death_id) == "requeued", "alice's plan is done")
        office.post("bob", f"/plans/{second}/start")

        def told() -> bool:
            return "no longer dead" in office.serve.get(f"/plans/{second}", as_("bob"))[1]

        await_that(told, "bob is told")
        await_that(lambda: worker.seen, "the job has run")
        assert len(worker.seen) == 1
    status, text = office.post("bob", "/plans", ("action", "requeue"), ("id", death_id))
    assert status == 409
    assert f"by plan {first}" in text


def test_two_operators_never_edit_over_each_other(office: Office) -> None:
    death_id = letter(office, b'{"size": 1}')
    form = office.serve.get(f"/letters/{death_id}/edit", as_("alice"))[1]
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', form)
    assert seen is not None

    def save(who: str, size: int) -> tuple[int, str]:
        fields = (("seen", seen[1]), ("payload", f'{{"size": {size}}}'), ("step", "save"))
        return office.post(who, f"/letters/{death_id}/edit", *fields)

    assert save("alice", 2)[0] == 200
    status, text = save("bob", 3)
    assert status == 409
    assert "edited it meanwhile" in text
    assert json.loads(office.payload(death_id)) == {"size": 2}


def test_json_stays_json(office: Office) -> None:
    death_id = letter(office)
    form = office.serve.get(f"/letters/{death_id}/edit", as_("alice"))[1]
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', form)
    assert seen is not None
    fields = (("seen", seen[1]), ("payload", "{"), ("step", "save"))
    assert office.post("alice", f"/letters/{death_id}/edit", *fields)[0] == 409
    assert office.payload(death_id) == b'{"image": 7}'


@pytest.mark.parametrize(
    ("action", "function", "status"),
    [("requeue", "thumbnails", 200), ("requeue", "resize", 403), ("remove", "thumbnails", 403)],
)
def test_a_role_acts_on_its_functions_alone(
    office: Office, action: str, function: str, status: int
) -> None:
    death_id = letter(office, function=function)
    assert office.post("carol", "/plans", ("action", action), ("id", death_id))[0] == status


def test_a_plan_of_others_is_not_for_everybody(office: Office) -> None:
    death_id = letter(office)
    plan = office.plan("alice", "remove", death_id)
    for deed in ("start", "pause", "undo"):
        assert office.post("carol", f"/plans/{plan}/{deed}")[0] == 403
    assert office.serve.get(f"/letters/{death_id}/edit", as_("carol"))[0] == 403
    assert "Carry out" not in office.serve.get(f"/plans/{plan}", as_("carol"))[1]
    assert office.state(death_id) == "dead"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "", "X_Forwarded_User": "alice", "Remote_User": "alice"},
    ],
)
def test_nothing_is_done_for_another_site_or_a_stranger(
    office: Office, headers: dict[str, str]
) -> None:
    death_id = letter(office)
    plan = office.plan("alice", "remove", death_id)
    status, _ = office.post("alice", f"/plans/{plan}/start", **headers)
    assert status in (401, 403)
    assert office.state(death_id) == "dead"


def test_a_get_changes_nothing(office: Office) -> None:
    death_id = letter(office)
    plan = office.plan("alice", "remove", death_id)
    for deed in ("start", "pause", "undo"):
        assert office.serve.get(f"/plans/{plan}/{deed}", as_("alice"))[0] == 404
    assert office.state(death_id) == "dead"


def test_an_act_that_is_none_is_told(office: Office) -> None:
    for fields in ([("action", "burn"), ("id", "x")], [("action", "remove")]):
        assert office.post("alice", "/plans", *fields)[0] == 400
    assert office.post("alice", "/plans", ("action", "remove"), ("id", "ffff"))[0] == 404


def test_the_page_does_not_start_where_nobody_could_say_who_they_are(tmp_path: Path) -> None:
    for options in (["--allow-changes"], ["--user-header", "X-User"]):
        serve = Serve(tmp_path, *options)
        with pytest.raises(RuntimeError, match="nobody"):
            serve.start()


def test_a_cause_is_annotated_by_who_may_send_its_letters_back(office: Office) -> None:
    death_id = letter(office, function="cared")
    with office.store.reading() as connection:
        name = find(connection, death_id).fingerprint
    said = (("note", "mended <b>soon"), ("assigned", "bob"), ("link", "https://tickets/7"))
    assert office.post("carol", f"/causes/{name}", *said)[0] == 403
    status, text = office.post("bob", f"/causes/{name}", *said, ("quiet", "3d"))
    assert status == 200
    assert "mended &lt;b&gt;soon" in text
    assert 'href="https://tickets/7"' in text
    assert "quiet; that ends" in text
    assert ("bob", "cause: snoozed") in office.deeds()


@pytest.mark.parametrize(
    ("field", "value", "status"), [("link", "javascript:alert(1)", 409), ("quiet", "ever", 400)]
)
def test_what_a_cause_cannot_have_is_told(
    office: Office, field: str, value: str, status: int
) -> None:
    death_id = letter(office, function="cared")
    with office.store.reading() as connection:
        name = find(connection, death_id).fingerprint
    assert office.post("bob", f"/causes/{name}", (field, value))[0] == status
