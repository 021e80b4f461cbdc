"""Each line that a job logs carries its id, and the user's formats are left alone."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from gearmang.worker.job_lines import JobLines


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.root
    before, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.INFO)
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)


def lines_with(output: io.StringIO, formatter: logging.Formatter | None) -> JobLines:
    logging.root.handlers[:] = [one for one in logging.root.handlers if hasattr(one, "ours")]
    handler = logging.StreamHandler(output)
    handler.ours = True  # type: ignore[attr-defined]  # pytest has handlers of its own
    handler.setFormatter(formatter)
    logging.root.addHandler(handler)
    lines = JobLines()
    lines.attach()
    return lines


@pytest.mark.parametrize("formatter", [None, logging.Formatter("%(message)s")])
def test_a_plain_line_begins_with_the_id(
    formatter: logging.Formatter | None, output: io.StringIO
) -> None:
    lines = lines_with(output, formatter)
    lines.job_id = "ab12"

    logging.getLogger("mine").info("%d of %s", 3, "four")

    assert output.getvalue() == "job ab12: 3 of four\n"


def test_a_format_that_shows_the_id_shows_it_once(output: io.StringIO) -> None:
    lines = lines_with(output, logging.Formatter("[%(job_id)s] %(message)s"))
    lines.job_id = "ab12"
    logging.info("busy")
    lines.job_id = ""
    logging.info("idle")

    assert output.getvalue() == "[ab12] busy\n[] idle\n"


def test_two_handlers_of_one_line_say_the_id_once_each(output: io.StringIO) -> None:
    lines_with(output, None)
    logging.root.handlers[0].filters.clear()
    lines = lines_with(output, None)
    lines.job_id = "ab12"

    logging.info("once")

    assert output.getvalue() == "job ab12: once\n" * 2


def test_a_formatter_of_another_kind_finds_the_id_as_an_attribute(output: io.StringIO) -> None:
    class Attributes(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return f"{record.job_id} {record.getMessage()}"  # type: ignore[attr-defined]

    lines = lines_with(output, Attributes())
    lines.job_id = "ab12"

    logging.info("told")

    assert output.getvalue() == "ab12 told\n"


def test_between_two_jobs_nothing_is_added(output: io.StringIO) -> None:
    lines_with(output, None)

    logging.info("idle")

    assert output.getvalue() == "idle\n"
