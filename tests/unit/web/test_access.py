"""Who is asking, and what they may do."""

import base64
import hashlib
from ipaddress import ip_network

from gearmang.web.access import Access, Role

SECRET = "-".join(["correct", "horse", "battery"])
TOKENS = (("alice", hashlib.sha256(SECRET.encode()).hexdigest()),)
BY_PROXY = Access(
    allow_changes=True,
    user_header="x-user",
    group_header="x-groups",
    trusted=(ip_network("10.0.0.0/8"),),
)
BY_TOKEN = Access(allow_changes=True, tokens=TOKENS)


def basic(name: str, token: str) -> dict[str, str]:
    text = base64.b64encode(f"{name}:{token}".encode()).decode()
    return {"authorization": f"Basic {text}"}


def role(*rights: str, functions: tuple[str, ...] = ("*",), group: str = "ops") -> Role:
    return Role(frozenset(rights), functions, frozenset(), frozenset({group}))


def test_without_a_way_to_say_who_one_is_all_may_look_and_nobody_act() -> None:
    visitor = Access(allow_changes=True).visitor("127.0.0.1", {"x-user": "root"})
    assert visitor.may("view")
    assert not visitor.may("requeue", ["resize"])


def test_a_trusted_proxy_is_believed() -> None:
    visitor = BY_PROXY.visitor("10.1.2.3", {"x-user": "alice"})
    assert visitor.name == "alice"
    assert visitor.may("remove", ["resize"])


def test_a_header_from_elsewhere_is_ignored() -> None:
    visitor = BY_PROXY.visitor("192.168.1.1", {"x-user": "alice"})
    assert visitor.name == ""
    assert not visitor.may("view")


def test_a_header_is_believed_over_a_unix_socket() -> None:
    access = Access(user_header="x-user", by_socket=True)
    assert access.visitor(None, {"x-user": "alice"}).name == "alice"


def test_a_unix_socket_alone_makes_no_tcp_peer_trusted() -> None:
    access = Access(user_header="x-user")
    assert access.visitor(None, {"x-user": "alice"}).name == ""


def test_a_name_cannot_forge_lines_of_the_history() -> None:
    assert BY_PROXY.visitor("10.1.2.3", {"x-user": "al\x1bice\n"}).name == "alice"


def test_a_token_names_its_owner() -> None:
    assert BY_TOKEN.visitor("1.2.3.4", {"authorization": f"Bearer {SECRET}"}).name == "alice"
    assert BY_TOKEN.visitor("1.2.3.4", basic("alice", SECRET)).name == "alice"


def test_a_token_under_another_name_is_refused() -> None:
    assert BY_TOKEN.visitor("1.2.3.4", basic("bob", SECRET)).name == ""


def test_a_wrong_token_is_a_stranger() -> None:
    for headers in (
        {},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic /w=="},
        basic("alice", ""),
    ):
        assert not BY_TOKEN.visitor("1.2.3.4", headers).may("view"), headers


def test_nobody_acts_where_changes_are_off() -> None:
    visitor = Access(tokens=TOKENS).visitor(None, basic("alice", SECRET))
    assert visitor.may("view")
    assert not visitor.may("requeue", ["resize"])


def test_roles_give_what_they_say_to_their_groups() -> None:
    access = Access(
        allow_changes=True,
        user_header="x-user",
        group_header="x-groups",
        by_socket=True,
        roles=(role("view", "requeue"),),
    )
    operator = access.visitor(None, {"x-user": "a", "x-groups": "dev, ops"})
    assert operator.may("view")
    assert operator.may("requeue", ["resize"])
    assert not operator.may("remove", ["resize"])
    assert not access.visitor(None, {"x-user": "b", "x-groups": "dev"}).may("view")


def test_a_role_of_some_functions_acts_on_no_other() -> None:
    access = Access(
        allow_changes=True,
        user_header="x-user",
        group_header="x-groups",
        by_socket=True,
        roles=(role("view", "requeue", functions=("shop_*",)),),
    )
    visitor = access.visitor(None, {"x-user": "a", "x-groups": "ops"})
    assert visitor.may("requeue", ["shop_resize"])
    assert not visitor.may("requeue", ["shop_resize", "billing"])
