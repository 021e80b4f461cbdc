"""What stands before every page."""

import hashlib

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gearmang.web.access import Access
from gearmang.web.guard import MOST_BODY, Guard
from tests.unit.web.asking import HOST, Answer, ask

TOKEN = {"authorization": "Bearer correct-horse-battery"}
TOKENS = (("alice", hashlib.sha256(b"correct-horse-battery").hexdigest()),)
ACTING = Access(allow_changes=True, tokens=TOKENS)


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive())["body"] if scope["method"] == "POST" else b""
    await PlainTextResponse(b"seen:" + body)(scope, receive, send)


def post(access: Access = ACTING, body: bytes = b"x", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(Guard(page, access), "/act", method="POST", body=body, headers=TOKEN | named)


def test_every_answer_forbids_what_is_not_ours() -> None:
    for app, path in ((Guard(page, Access()), "/"), (Guard(page, ACTING), "/")):
        headers = ask(app, path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_a_form_of_our_own_page_is_taken() -> None:
    answer = post(sec_fetch_site="same-origin", origin=f"http://{HOST}")
    assert answer.body == b"seen:x"


def test_a_form_sent_by_a_program_is_taken() -> None:
    assert post().status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_form_of_another_site_is_refused(site: str) -> None:
    assert post(sec_fetch_site=site).status == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost", f"http://{HOST}.evil.example"]
)
def test_a_form_of_another_origin_is_refused(origin: str) -> None:
    assert post(sec_fetch_site="same-origin", origin=origin).status == 403


def test_a_form_is_refused_where_changes_are_off() -> None:
    assert post(Access(tokens=TOKENS)).status == 403
    assert ask(Guard(page, Access()), "/act", method="POST").status == 403


def test_a_stranger_is_asked_for_a_token() -> None:
    answer = ask(Guard(page, ACTING), "/")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_stranger_may_ask_whether_the_page_lives() -> None:
    assert ask(Guard(page, ACTING), "/healthz").status == 200


def test_a_form_that_is_too_large_is_refused() -> None:
    assert post(content_length=str(MOST_BODY + 1)).status == 413
    assert post(content_length="-1").status == 413
    assert post(body=b"x" * (MOST_BODY + 1), content_length="0").status == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_refused(method: str) -> None:
    assert ask(Guard(page, Access()), "/", method=method).status == 405


@pytest.mark.parametrize("host", ["localhost:8730", "127.0.0.1", "[::1]:8730", "LOCALHOST"])
def test_this_host_is_asked_for_by_its_names(host: str) -> None:
    assert ask(Guard(page, Access()), "/", headers={"host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8730", "", "localhost.evil.example"]
)
def test_a_name_that_was_bent_to_this_host_sees_nothing(host: str) -> None:
    assert ask(Guard(page, Access()), "/", headers={"host": host}).status == 421


def test_a_further_name_may_be_told() -> None:
    answer = ask(
        Guard(page, Access(), ["Gearman.example"]), "/", headers={"host": "gearman.example"}
    )
    assert answer.status == 200
