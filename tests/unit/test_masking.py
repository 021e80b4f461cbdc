"""Secrets that are not shown."""

import pytest

from gearmang.masking import MASK, masked, masked_text


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_passwd",
        "API-Key",
        "authorization",
        "session_id",
        "token",
        "user_pin",
        "Cookie",
        "DB_PASSWORD_PROD",
        "password_hash",
        "token_value",
        "db_pass",
        "pwd",
    ],
)
def test_values_with_telling_names_are_masked(name: str) -> None:
    assert masked({"a": [{name: "s3cret"}]}) == {"a": [{name: MASK}]}


@pytest.mark.parametrize(
    "name", ["author", "spinner", "image", "passenger", "width", "compass", "bypass"]
)
def test_other_values_are_shown(name: str) -> None:
    assert masked({name: "plain"}) == {name: "plain"}


@pytest.mark.parametrize(
    "text",
    [
        "password=s3cret",
        'File x: {"api_key": "s3cret"}',
        "Authorization: Bearer s3cret-s3cret",
        "postgresql://anna:s3cret@db1/x",
        "token: s3cret, next",
        "DB_PASSWORD_PROD=s3cret",
        "password_hash=s3cret",
        "token_value: s3cret",
        "db_pass=s3cret",
        'MYSQL_PWD="s3cret"',
        "amqp://anna:p@s3cret@db1/x",
    ],
)
def test_secrets_in_text_are_masked(text: str) -> None:
    assert "s3cret" not in masked_text(text)


def test_an_empty_secret_stays_empty() -> None:
    assert masked({"password": ""}) == {"password": ""}


@pytest.mark.parametrize("text", ["passenger=5", "compass: north", "12:30: passed", "a@b.example"])
def test_other_text_is_shown(text: str) -> None:
    assert masked_text(text) == text
