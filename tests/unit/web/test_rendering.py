"""From values to text."""

from markupsafe import Markup

from gearmang.web.rendering import environment, size


def written(template: str, **values: object) -> str:
    return environment().from_string(template).render(values)


def test_text_is_escaped_and_cleaned() -> None:
    assert written("{{ x }}", x="<b>\x1b\u202e\0") == "&lt;b&gt;\\x1b\\u202e\\x00"


def test_bytes_that_are_no_text_are_written_out() -> None:
    assert written("{{ x }}", x=b"\xff".decode("utf-8", "surrogateescape")) == "\\xff"


def test_what_we_made_stays_as_it_is() -> None:
    assert written("{{ x }}", x=Markup("<b>")) == "<b>"


def test_secrets_are_masked() -> None:
    assert "hunter2" not in written("{{ x|masked }}", x="password=hunter2")


def test_a_time_that_is_none_does_no_harm() -> None:
    assert written("{{ x|told }} {{ y|zoned }}", x=1e300, y="never") == "1e+300 never"


def test_sizes_have_units() -> None:
    assert [size(count) for count in (0, 1023, 1536, 5 << 20, 3 << 30)] == [
        *("0 B", "1023 B", "1.5 KiB", "5.0 MiB", "3.0 GiB")
    ]
