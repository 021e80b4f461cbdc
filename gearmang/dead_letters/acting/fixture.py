"""A dead letter as a test of the user's own suite: it fails as the job did, until it is mended."""

from __future__ import annotations

from gearmang.job.envelope import Envelope

_TEMPLATE = '''\
"""A job that died: {name}."""

from gearmang.job.envelope import Envelope
from gearmang.worker.replay import replay

# {told}
JOB = Envelope(
    job_id={job_id},
    payload={payload},
)


def test_dead_letter_{name}():
    replayed = replay({target}, JOB, function={function})
    assert replayed.dossier is None, replayed.dossier.traceback or replayed.dossier.error_message
'''


def as_test(envelope: Envelope, *, target: str, function: str) -> str:
    """The source of a test module that replays the job.

    What comes from the queue is written as Python literals in ASCII: none of it is code.

    Args:
        target: ``module:function``, the code that is to run it.
        function: the name that the code sees in ``job.function``.
    """
    last = envelope.history[-1] if envelope.history else None
    told = f"{last.error_type}: {last.error_message}" if last else "it arrived without a dossier"
    return _TEMPLATE.format(
        name=f"{envelope.job_id[:10]}_{envelope.delivery}",
        told=ascii(told[:200]),
        job_id=ascii(envelope.job_id),
        payload=ascii(envelope.payload),
        target=ascii(target),
        function=ascii(function),
    )
