"""Series names: what collectd would change, cut or refuse, and never two functions on one."""

from hypothesis import example, given
from hypothesis import strategies as st

from collectd_plugin.names import LONGEST, OTHER, TOTAL, Names, series_name

NAMES = st.binary(max_size=300).map(lambda data: data.decode("utf-8", "surrogateescape"))


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("resize", "image.resize-v2", "mail_out", "App::Job", "a@b+c"):
        assert series_name(name) == name


def test_odd_characters_are_quoted() -> None:
    assert series_name("a b/c") == "a%20b%2Fc"
    assert series_name("\udcff\udcfe") == "%FF%FE"
    assert series_name("größe") == "gr%C3%B6%C3%9Fe"


def test_the_names_of_sums_are_not_taken_by_functions() -> None:
    assert series_name("_total") == "%5Ftotal"
    assert series_name("_other") == "%5Fother"


@given(NAMES, NAMES)
@example("a b", "a%20b")
@example("_total", "%5Ftotal")
@example("", "%")
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
    assert made not in (TOTAL, OTHER)


def test_a_name_is_made_once() -> None:
    names = Names()
    assert names["a b"] is names["a b"]
