"""The options of a filter."""

from gearmang.cli.dead import choice
from gearmang.dead_letters.store import tables


def test_every_state_can_be_asked_for() -> None:
    # Written twice, so that `--help` needs no SQLAlchemy.
    assert choice.STATES == tables.STATES
