"""Where a store is."""

from pathlib import Path

import pytest

from gearmang.dead_letters.store.address import Address
from gearmang.dead_letters.store.errors import StoreError


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/var/lib/x.db", "/var/lib/x.db"),
        ("x.db", "x.db"),
        ("sqlite:///x.db", "x.db"),
        ("sqlite:////var/lib/x.db", "/var/lib/x.db"),
        ("sqlite+pysqlite:////x.db", "/x.db"),
        ("/odd path/50%.db", "/odd path/50%.db"),
    ],
)
def test_a_path_is_an_sqlite_file(text: str, path: str) -> None:
    assert Address.parse(text).path == Path(path)


@pytest.mark.parametrize(
    "text", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"]
)
def test_postgresql_gets_psycopg_3(text: str) -> None:
    assert Address.parse(text) == (None, "postgresql+psycopg://u@h/d")


@pytest.mark.parametrize("text", ["", "sqlite://", ":memory:", "mysql://u@h/d", "a\0b"])
def test_what_is_no_store_is_refused(text: str) -> None:
    with pytest.raises(StoreError):
        Address.parse(text)


@pytest.mark.parametrize(
    "text", ["postgresql://u:secret@h/d", "postgresql://u@h/d?password=secret&x=1"]
)
def test_a_password_is_not_shown(text: str) -> None:
    assert "secret" not in str(Address.parse(text))


def test_a_password_of_an_unknown_engine_is_not_shown() -> None:
    with pytest.raises(StoreError) as caught:
        Address.parse("mysql://u:secret@h/d")
    assert "secret" not in str(caught.value)
