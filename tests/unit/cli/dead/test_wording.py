"""Numbers as people read them."""

from gearmang.cli.dead.wording import letters, size


def test_one_letter_is_a_letter() -> None:
    assert (letters(1), letters(2), letters(0)) == ("1 letter", "2 letters", "0 letters")


def test_sizes_have_the_largest_unit_that_fits() -> None:
    assert [size(20), size(1024), size(23_068_672)] == ["20 B", "1.0 KiB", "22.0 MiB"]
    assert size(2**60) == "1048576.0 TiB"
