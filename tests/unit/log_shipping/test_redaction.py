"""Secrets do not reach the file."""

import dataclasses

import pytest

import log_shipping
from log_shipping import record
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
