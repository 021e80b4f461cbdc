"""The filters of letters, in a query."""

import time

import pytest

from gearmang.web.letter_filter import filter_of, given
from gearmang.web.query import BadQuery


def test_nothing_said_means_dead_letters() -> None:
    assert filter_of({}).state == "dead"
    assert filter_of({"state": "all"}).state is None


def test_a_span_is_so_long_ago() -> None:
    since = filter_of({"since": "2h"}).since
    assert since == pytest.approx(time.time() - 7200, abs=5)


@pytest.mark.parametrize("query", [{"since": "never"}, {"until": "x"}, {"state": "undead"}])
def test_what_is_none_is_told(query: dict[str, str]) -> None:
    with pytest.raises(BadQuery, match=next(iter(query))):
        filter_of(query)


def test_links_keep_a_filter_as_it_was_written() -> None:
    assert given({"since": "2h", "from": "50", "col": "x"}) == {"since": "2h"}
