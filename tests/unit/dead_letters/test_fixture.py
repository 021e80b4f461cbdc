"""A dead letter as a test module."""

from gearmang.dead_letters.acting.fixture import as_test
from gearmang.job.dossier import Dossier
from gearmang.job.envelope import Envelope

HOSTILE = 'x"""\n\nimport os; os.abort()\n# \u2028\x1b[2J\\'


def test_nothing_of_the_queue_becomes_code() -> None:
    job = Envelope(
        payload=HOSTILE.encode(),
        job_id="ab" * 16,
        delivery=3,
        history=(Dossier(outcome="failure", error_type="E", error_message=HOSTILE),),
    )
    source = as_test(job, target="thumbnails:resize", function=HOSTILE)
    assert source.isascii()
    names: dict[str, object] = {}
    exec(compile(source, "test", "exec"), names)  # noqa: S102  # harmless, as this test shows
    found = names["JOB"]
    assert isinstance(found, Envelope)
    assert found.payload == HOSTILE.encode()
    assert "test_dead_letter_ababababab_3" in names
