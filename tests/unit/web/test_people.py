"""Files of people: tokens, roles, proxies."""

from pathlib import Path

import pytest

from gearmang.web.people import BadPeople, networks_of, roles_of, tokens_of


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "people"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_token_is_kept_as_its_digest(tmp_path: Path) -> None:
    ((name, digest),) = tokens_of(written(tmp_path, "# people\nalice a-long-enough-token\n"))
    assert name == "alice"
    assert len(digest) == 64


@pytest.mark.parametrize("text", ["", "alice", "alice short", "a:b a-long-enough-token", "a b c"])
def test_a_line_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadPeople, match="NAME TOKEN"):
        tokens_of(written(tmp_path, text))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPeople, match="chmod"):
        tokens_of(written(tmp_path, "alice a-long-enough-token", 0o644))


def test_a_role_is_of_all_functions_where_it_names_none(tmp_path: Path) -> None:
    (role,) = roles_of(written(tmp_path, '[[role]]\nrights = ["view"]\ngroups = ["ops"]'))
    assert role.functions == ("*",)
    assert role.groups == {"ops"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        '[[role]]\nrights = ["view"]',
        '[[role]]\nrights = ["everything"]\nusers = ["a"]',
        '[[role]]\nrights = "view"\nusers = ["a"]',
        '[[role]]\nrights = ["view"]\nusers = ["a"]\nfunction = ["x"]',
        "not toml",
    ],
)
def test_a_role_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadPeople):
        roles_of(written(tmp_path, text))


def test_a_proxy_is_an_address_or_a_network() -> None:
    assert [str(one) for one in networks_of(["10.0.0.7", "fd00::/8"])] == [
        "10.0.0.7/32",
        "fd00::/8",
    ]
    with pytest.raises(BadPeople, match="--trusted-proxy"):
        networks_of(["proxy.example"])
