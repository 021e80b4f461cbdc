"""Frames between supervisor and executor."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gearmang.worker import frames
from gearmang.worker.frames import Answer, AnswerDecoder, BadFrame, answer_frame

KINDS = some.integers(frames.READY, frames.DATA)


@given(some.lists(some.tuples(KINDS, some.binary(max_size=50)), max_size=8), some.data())
def test_answers_are_read_back_however_they_were_cut(
    answers: list[tuple[int, bytes]], data: some.DataObject
) -> None:
    sent = b"".join(answer_frame(kind, body) for kind, body in answers)
    decoder, read = AnswerDecoder(), []
    while sent:
        cut = data.draw(some.integers(1, len(sent)))
        read += list(decoder.feed(sent[:cut]))
        sent = sent[cut:]

    assert read == [Answer(*answer) for answer in answers]


@pytest.mark.parametrize("nonsense", [b"\0\0\0\0\0", b"\xff\0\0\0\1x", b"\3\xff\xff\xff\xff"])
def test_what_is_no_frame_is_refused(nonsense: bytes) -> None:
    with pytest.raises(BadFrame):
        list(AnswerDecoder().feed(nonsense))


def test_a_job_frame_tells_sequence_and_length() -> None:
    frame = b"".join(frames.job_frame(7, b"body"))

    assert frames.JOB_HEADER.unpack_from(frame) == (7, 4)
    assert frame.endswith(b"body")
