"""Addresses of gearmands, as people write them."""

import pytest

from gearmang.errors import BadServer
from gearmang.protocol.server import Server


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gm1", Server("gm1", 4730)),
        ("gm1:4731", Server("gm1", 4731)),
        (" gm1:1 ", Server("gm1", 1)),
        ("::1", Server("::1", 4730)),
        ("[::1]", Server("::1", 4730)),
        ("[::1]:4731", Server("::1", 4731)),
        ("fe80::1%eth0", Server("fe80::1%eth0", 4730)),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, expected: Server) -> None:
    assert Server.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ":4730", "gm1:", "gm1:0", "gm1:65536", "gm1:٤", "gm1:4730x", "g m", "gm/1", "a:b:c",
     "[::1", "[::1]4730", "[gm1]:4730", "http://gm1:4730"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadServer) as refusal:
        Server.parse(text)

    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("text", ["gm1:4731", "[::1]:4730"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert str(Server.parse(text)) == text
