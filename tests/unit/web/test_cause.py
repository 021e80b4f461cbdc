"""How long a cause is to be quiet, as an operator writes it."""

from __future__ import annotations

import pytest

from gearmang.web.pages.cause import quiet_for
from gearmang.web.query import BadQuery


@pytest.mark.parametrize(
    ("text", "end"),
    [("3d", (1000.0 + 3 * 86_400, None)), ("100", (None, 100)), ("off", (None, None))],
)
def test_it_is_a_span_or_a_number_of_letters(
    text: str, end: tuple[float | None, int | None]
) -> None:
    assert quiet_for(text, 1000.0) == end


@pytest.mark.parametrize("text", ["0", "for ever", "-3d", "9" * 30, "٣"])
def test_what_is_none_is_told(text: str) -> None:
    with pytest.raises(BadQuery, match="quiet for"):
        quiet_for(text, 1000.0)
