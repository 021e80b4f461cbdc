"""Series names: what collectd would change, cut or refuse, and never two functions on one."""

from hypothesis import example, given
from hypothesis import strategies as st

from collectd_plugin.names import LONGEST, OTHER, Names, series_name

NAMES = st.binary(max_size=300).map(lambda data: data.decode("utf-8", "surrogateescape"))


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("resize", "image-resize-v2", "mail_out", "AppJob2", "_total"):
        assert series_name(name) == name


def test_odd_characters_are_quoted() -> None:
    assert series_name("a b/c") == "a--20b--2Fc"
    assert series_name("\udcff\udcfe") == "--FF--FE"
    assert series_name("größe") == "gr--C3--B6--C3--9Fe"


def test_the_name_of_the_rest_is_not_taken_by_a_function() -> None:
    assert series_name("_other") == "--5Fother"


@given(NAMES, NAMES)
@example("a b", "a--20b")
@example("_other", "--5Fother")
@example("", "--empty")
@example("x" * 200, "x" * 201)
@example("x" * 150 + "a", "x" * 150 + "b")
def test_two_functions_never_share_a_series(one: str, other: str) -> None:
    assert (series_name(one) == series_name(other)) == (one == other)


@given(NAMES)
def test_every_name_is_one_that_collectd_keeps(name: str) -> None:
    made = series_name(name)
    assert 0 < len(made) <= LONGEST
    assert made.isascii()
    assert made.isprintable()
    assert not set(made) & set('/ "\\\0')
    assert made != OTHER


def test_a_name_is_made_once() -> None:
    names = Names()
    assert names["a b"] is names["a b"]
