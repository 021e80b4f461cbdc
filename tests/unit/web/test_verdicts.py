"""A function over all servers, from what polls tell together."""

from gearmang.protocol.entries import Peer
from gearmang.watch.movement import VERDICTS
from gearmang.watch.overview import overview
from gearmang.web.following import Following
from gearmang.web.pages.overview import attention
from gearmang.web.polling import Sight
from gearmang.web.verdicts import Motion, kind_of, verdict_of
from tests.unit.web.sights import NOW, lost, sight, snapshot


def test_every_verdict_has_a_kind_and_only_the_word_for_it_is_unknown() -> None:
    assert [word for word in VERDICTS if kind_of(word) == "unknown"] == ["unknown"]


def test_a_first_look_at_waiting_jobs_knows_nothing() -> None:
    seen = sight(snapshot(("resize", 5, 0, 1)))
    assert verdict_of(seen, seen.seen.rows[0]) == Motion("unknown", "unknown")


def test_the_worst_of_the_servers_counts() -> None:
    following, seen = Following(), None
    for step in range(3):
        answers = [snapshot(("resize", 0, 0, 1)), snapshot(("resize", 5, 0, 0), server="gm2:4730")]
        now = NOW + 10 * step
        seen = Sight(now, overview(answers, now), following.moves(answers, now))
    assert seen is not None
    assert verdict_of(seen, seen.seen.rows[0]).word == "unserved"


def test_a_restart_of_gearmand_begins_anew() -> None:
    following = Following()
    for step, pid in enumerate((7, 7, 8)):
        answers = [snapshot(("resize", 5, 0, 0))._replace(pid=pid)]
        (moves,) = following.moves(answers, NOW + 10 * step)
    assert moves is not None
    assert moves.flows["resize"].verdict == "unknown"


def test_a_running_job_is_as_old_as_its_worker_says() -> None:
    peers = [Peer(1, "::1", f"resize@h:7+{int(NOW) - 900}~{int(NOW) - 75}", ("resize",))]
    seen = sight(snapshot(("resize", 1, 1, 1), connections=peers))
    assert verdict_of(seen, seen.seen.rows[0]).oldest_running == 75


def test_lost_servers_come_before_anything_that_may_wait() -> None:
    seen = sight(lost(), snapshot(("resize", 5, 0, 0)))
    rows = [(verdict_of(seen, row), row) for row in seen.seen.rows]
    assert [one.word for one in attention(seen, rows, has_store=True)] == ["lost"]


def test_a_store_without_a_collector_is_told() -> None:
    seen = sight(snapshot())
    assert [one.word for one in attention(seen, [], has_store=True)] == ["no collector"]
    assert attention(seen, [], has_store=False) == []


def test_attention_is_a_dozen_lines_at_most() -> None:
    seen = sight(*(lost(f"gm{number}:4730") for number in range(40)))
    found = attention(seen, [], has_store=False)
    assert len(found) == 12
    assert found[-1].told == "29 more, below"
