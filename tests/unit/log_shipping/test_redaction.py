"""Secrets do not reach the file."""

from __future__ import annotations

import dataclasses

import pytest

import log_shipping
from log_shipping import record
from log_shipping.redaction import is_secret_name, masked, masked_text
from tests.unit.log_shipping.conftest import Written


@dataclasses.dataclass
class Login:
    name: str
    password: str


@pytest.mark.parametrize(
    ("glob", "fields", "recorded"),
    [
        ("password", {"password": "s3"}, {"password": "[redacted]"}),
        (
            "password",
            {"user": {"Password": "s3", "n": 1}},
            {"user": {"Password": "[redacted]", "n": 1}},
        ),
        ("*.token", {"a": {"b": {"token": "s3"}}}, {"a": {"b": {"token": "[redacted]"}}}),
        ("user.*", {"user": {"x": "s3"}, "other": 1}, {"user": {"x": "[redacted]"}, "other": 1}),
        ("password", {"logins": [{"password": "s3"}]}, {"logins": [{"password": "[redacted]"}]}),
        (
            "password",
            {"login": Login("a", "s3")},
            {"login": {"name": "a", "password": "[redacted]"}},
        ),
        ("*secret*", {"my_secret_key": {"x": "s3"}}, {"my_secret_key": "[redacted]"}),
    ],
)
def test_a_secret_field_is_replaced(
    written: Written, glob: str, fields: dict[str, object], recorded: dict[str, object]
) -> None:
    log_shipping.configure(path=written.folder, redact=[glob], sigterm=False)
    with record("resize") as made:
        made.set(**fields)
    assert written.one()["fields"] == recorded
    assert b"s3" not in written.lines()[0]


def test_a_secret_beside_a_value_that_the_encoder_refuses_is_replaced_too(
    written: Written,
) -> None:
    log_shipping.configure(path=written.folder, redact=["password"], sigterm=False)
    with record("resize") as made:
        made.set("password", "s3")
        made.set("big", 10**40)
    assert b"s3" not in written.lines()[0]


@pytest.mark.parametrize(
    "name",
    [
        *("password", "DB_PASSWORD_PROD", "password_hash", "token_value", "db_pass", "apiKey"),
        *("accessKeyId", "X-Auth-Token", "dbpassword", "Authorization", "session_cookie", "pin"),
    ],
)
def test_a_name_with_a_secret_word_is_secret(name: str) -> None:
    assert is_secret_name(name)
    assert masked({name: "s3cr3t"}) == {name: "[redacted]"}
    assert "s3cr3t" not in masked_text(f"called with {name}=s3cr3t, n=1")
    assert "s3cr3t" not in masked_text(f"{name}: s3cr3t")
    assert "s3cr3t" not in masked_text(f'{{"{name}": "s3cr3t word"}}')


@pytest.mark.parametrize(
    "name", ["author", "passed", "tokenizer", "total_tokens", "compass", "keyboard", "spinning"]
)
def test_a_name_that_only_resembles_one_is_not(name: str) -> None:
    assert not is_secret_name(name)
    assert masked_text(f"{name}=shown") == f"{name}=shown"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://u:p@ss@h/0", "redis://u:[redacted]@h/0"),
        ("see http://u:p@h:80/x?mail=a@b", "see http://u:[redacted]@h:80/x?mail=a@b"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: [redacted]"),
        ("sent Bearer abcdefghijk to it", "sent Bearer [redacted] to it"),
        ("token_value: abc; n=1", "token_value: [redacted]; n=1"),
        ("ratio=3:4 at 10:30", "ratio=3:4 at 10:30"),
    ],
)
def test_secrets_in_texts_are_masked(text: str, shown: str) -> None:
    assert masked_text(text) == shown


def open_database(reason: str) -> None:
    raise ValueError(reason)


def test_masking_reaches_messages_stacks_and_nested_fields(written: Written) -> None:
    log_shipping.configure(path=written.folder, mask=True, sigterm=False)
    made = record("resize").start()
    made.set("login", Login("a", "s3cr3t"))
    made.set("url", "amqp://u:s3cr3t@h")
    try:
        open_database("DB_PASSWORD_PROD=s3cr3t refused")
    except ValueError as error:
        made.done(error)
    found = written.one()
    assert "error_stack" in found
    assert b"=s3cr3t" not in written.lines()[0]
    assert found["fields"] == {
        "login": {"name": "a", "password": "[redacted]"},
        "url": "amqp://u:[redacted]@h",
    }
    assert found["error_message"] == "DB_PASSWORD_PROD=[redacted] refused"
