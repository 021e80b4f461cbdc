"""Envelopes carry what JSON cannot."""

from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope

JOB_ID = "0" * 32


def test_a_function_that_is_no_utf8_comes_back_in_a_dead_letter() -> None:
    envelope = Envelope(payload=b"x", job_id=JOB_ID, function="caf\udce9")

    assert Envelope.unpack(envelope.pack()).function == "caf\udce9"


def test_a_dossier_with_a_lone_surrogate_is_packed_readably() -> None:
    dossier = Dossier(outcome="failure", error_type="E", error_message="\udcff")

    packed = Envelope(payload=b"x", job_id=JOB_ID, history=(dossier,)).pack()

    assert Envelope.unpack(packed).history[0].error_message == "\\udcff"
