"""Which functions are reported one by one."""

from collectd_plugin.selection import Wanted, select
from gearmang.protocol import FunctionStatus

ALL = Wanted((), ())
FUNCTIONS = [
    FunctionStatus("image.resize", 10, 2, 3),
    FunctionStatus("image.crop", 1, 1, 1),
    FunctionStatus("mail", 5, 0, 0),
]


def names(only: tuple[str, ...] = (), ignored: tuple[str, ...] = ()) -> list[str]:
    return [one.name for one in select(FUNCTIONS, Wanted(only, ignored), 10).listed]


def test_all_functions_are_listed_and_summed() -> None:
    found = select(FUNCTIONS, ALL, 3)
    assert list(found.listed) == FUNCTIONS
    assert found.total == ("", 16, 3, 4)
    assert found.rest == frozenset()


def test_globs_choose_and_ignore() -> None:
    assert names(("image.*",)) == ["image.resize", "image.crop"]
    assert names(("image.*", "mail")) == ["image.resize", "image.crop", "mail"]
    assert names((), ("*.crop",)) == ["image.resize", "mail"]
    assert names(("image.*",), ("*.crop",)) == ["image.resize"]
    assert names(("Image.*",)) == []


def test_what_is_not_wanted_is_not_in_the_sum() -> None:
    assert select(FUNCTIONS, Wanted(("image.*",), ()), 10).total == ("", 11, 3, 4)


def test_of_too_many_the_longest_queues_are_listed_and_the_others_summed() -> None:
    found = select(FUNCTIONS, ALL, 1)
    assert [one.name for one in found.listed] == ["image.resize"]
    assert found.rest == {"image.crop", "mail"}
    assert found.other == ("", 6, 1, 1)
    assert found.total == ("", 16, 3, 4)


def test_no_functions_give_sums_of_zero() -> None:
    assert select([], ALL, 10).total == ("", 0, 0, 0)
