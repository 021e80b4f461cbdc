"""Gearman's binary protocol, byte for byte."""

import struct

import pytest
from gearman import protocol
from hypothesis import given
from hypothesis import strategies as st

from gearmang.protocol import wire
from gearmang.protocol.wire import BadPacket, Decoder, Packet


def response(command: int, body: bytes) -> bytes:
    return struct.pack("!4sII", b"\0RES", command, len(body)) + body


def test_a_request_is_what_the_gearman_package_makes() -> None:
    arguments = {"task": b"resize", "unique": b"u", "data": b"a\0b"}

    theirs = protocol.pack_binary_command(wire.SUBMIT_JOB_BG, arguments)

    assert wire.request(wire.SUBMIT_JOB_BG, b"resize", b"u", b"a\0b") == theirs


@given(st.lists(st.tuples(st.integers(1, 40), st.binary(max_size=50)), max_size=5), st.data())
def test_packets_come_out_whole_however_they_were_cut(
    packets: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(response(command, body) for command, body in packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder = Decoder()

    found = [
        packet
        for start, stop in zip([0, *cuts], [*cuts, len(stream)])
        for packet in decoder.feed(stream[start:stop])
    ]

    assert found == [Packet(command, body) for command, body in packets]


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n", b"\0REQ" + bytes(8)])
def test_what_is_no_response_is_refused(data: bytes) -> None:
    with pytest.raises(BadPacket):
        list(Decoder().feed(data))


def test_a_packet_that_announces_too_much_is_refused_before_it_is_held() -> None:
    with pytest.raises(BadPacket):
        list(Decoder(longest=10).feed(struct.pack("!4sII", b"\0RES", wire.JOB_CREATED, 11)))


def test_arguments_are_told_apart_and_only_the_last_may_hold_nul() -> None:
    assert Packet(wire.JOB_ASSIGN_UNIQ, b"h\0f\0u\0a\0b").split(4) == [b"h", b"f", b"u", b"a\0b"]


def test_a_packet_with_too_few_arguments_is_refused() -> None:
    with pytest.raises(BadPacket):
        Packet(wire.JOB_ASSIGN_UNIQ, b"h\0f").split(4)


def test_the_numbers_are_those_of_the_gearman_package() -> None:
    named = {
        name: value
        for name, value in vars(wire).items()
        if isinstance(value, int) and hasattr(protocol, f"GEARMAN_COMMAND_{name}")
    }
    assert len(named) > 20
    assert named == {name: getattr(protocol, f"GEARMAN_COMMAND_{name}") for name in named}
    assert wire.request(wire.NOOP)[:4] == protocol.MAGIC_REQ_STRING
