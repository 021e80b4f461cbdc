"""What BlueOx's users would miss, point by point (reference/logging.md)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import log_shipping
from log_shipping import SubRecordHandler, TaskLogger, logged, record, timer
from tests.unit.log_shipping.conftest import Written


def test_1_a_record_is_a_context_manager_that_writes_one_line(written: Written) -> None:
    with record("resize"):
        assert written.all() == []
    assert written.one()["type"] == "resize"


def test_1_a_record_can_be_started_stopped_and_done_by_hand(written: Written) -> None:
    made = record("resize")
    made.start()
    log_shipping.set(width=1)
    made.stop()
    log_shipping.set(width=2)
    made.done()
    made.done()
    assert written.one()["fields"] == {"width": 1}


def test_1_a_leading_dot_names_a_child_of_the_current_record(written: Written) -> None:
    with record("resize"), record(".db"), record(".query"):
        pass
    assert set(written.by_type()) == {"resize", "resize.db", "resize.db.query"}


def test_1_a_leading_caret_names_a_child_of_the_outermost_record(written: Written) -> None:
    with record("resize"), record(".db"), record("^.cache"):
        pass
    found = written.by_type()
    assert found["resize.cache"]["parent"] == found["resize"]["span"]


def test_1_a_full_name_is_a_child_of_the_longest_open_prefix(written: Written) -> None:
    with record("a"), record("a.b"), record("a.b.c.d"), record("a.x"), record("other"):
        pass
    found = written.by_type()
    assert found["a.b.c.d"]["parent"] == found["a.b"]["span"]
    assert found["a.x"]["parent"] == found["a"]["span"]
    assert "parent" not in found["other"]


def test_1_a_name_with_two_leading_dots_is_an_error(unconfigured: None) -> None:
    with pytest.raises(ValueError, match=r"\.\.x"):
        record("..x")
    with pytest.raises(ValueError, match=r"\.\.x"):
        TaskLogger("..x")
    with pytest.raises(ValueError, match=r"\.\.x"):
        logged("..x")


def test_1_a_name_with_two_leading_dots_is_an_error_when_configured_too(written: Written) -> None:
    with pytest.raises(ValueError, match=r"\.\.x"), record("resize"):
        record("..x")


def test_1_a_dotted_name_without_an_open_record_stands_for_itself(written: Written) -> None:
    with record(".db"):
        pass
    with record("^.cache"):
        pass
    assert set(written.by_type()) == {"db", "cache"}


def test_2_a_record_and_its_children_share_one_id_of_32_hex_digits(written: Written) -> None:
    with record("resize"), record(".db"):
        pass
    child, root = written.all()
    assert child["id"] == root["id"]
    assert len(root["id"]) == 32
    assert set(root["id"]) <= set("0123456789abcdef")


def test_2_records_of_different_trees_have_different_ids(written: Written) -> None:
    for _ in range(2):
        with record("resize"):
            pass
    first, second = written.all()
    assert first["id"] != second["id"]


def test_2_the_id_can_be_given(written: Written) -> None:
    with record("resize", id="a" * 32), record(".db"):
        pass
    assert {found["id"] for found in written.all()} == {"a" * 32}


def test_3_set_takes_dotted_keys_several_values_and_keywords(written: Written) -> None:
    with record("resize") as made:
        made.set("image.bytes", 10)
        made.set("image", width=3, height=4)
        made.set("sizes", 1, 2)
        made.set(quality=90, **{"image.kind": "png"})
    assert written.one()["fields"] == {
        "image": {"bytes": 10, "width": 3, "height": 4, "kind": "png"},
        "sizes": [1, 2],
        "quality": 90,
    }


def test_3_append_collects_and_add_sums(written: Written) -> None:
    with record("resize") as made:
        made.append("thumbs.names", "s")
        made.append("thumbs.names", "l")
        made.add("thumbs.bytes", 10)
        made.add("thumbs.bytes", 5)
    assert written.one()["fields"] == {"thumbs": {"names": ["s", "l"], "bytes": 15}}


def test_3_timeit_is_timer_and_adds_up_milliseconds(written: Written) -> None:
    with record("resize") as made:
        with made.timer("download"):
            pass
        first = made._fields["download_ms"]  # type: ignore[union-attr]  # it is configured
        with timer("download"):
            pass
    assert written.one()["fields"]["download_ms"] >= first


def test_3_module_functions_act_on_the_current_record(written: Written) -> None:
    with record("resize"):
        with record(".db"):
            log_shipping.set("rows", 3)
        log_shipping.add("sum", 1)
        log_shipping.append("list", 1)
    found = written.by_type()
    assert found["resize.db"]["fields"] == {"rows": 3}
    assert found["resize"]["fields"] == {"sum": 1, "list": [1]}


def test_3_without_a_record_they_do_nothing(written: Written) -> None:
    log_shipping.set("a", 1)
    log_shipping.add("a", 1)
    log_shipping.append("a", 1)
    with timer("a"):
        pass
    assert not log_shipping.current()
    assert written.all() == []


def test_3_without_configuration_everything_does_nothing(
    unconfigured: None, tmp_path: Path
) -> None:
    with record("resize", id="a") as made:
        made.set("a.b", 1)
        made.set(a=1)
        made.add("a", 1)
        made.append("a", 1)
        with made.timer("a"), made.timer("a"):
            pass
        log_shipping.set("a", 1)
    TaskLogger("resize").emit(outcome="failure", started_at=0, duration_ms=1)
    assert list(tmp_path.iterdir()) == []
    assert not made


@pytest.mark.parametrize("where", [".", "resize"])
def test_4_a_record_is_sampled_by_itself(written: Written, where: str) -> None:
    for _ in range(400):
        with record("resize", sample=(where, 0.5)):
            pass
    found = written.all()
    assert 120 < len(found) < 280
    assert {one["sample_rate"] for one in found} == {0.5}


def test_4_a_share_alone_samples_the_record_by_itself(written: Written) -> None:
    for share in (0, 1):
        with record("resize", sample=share):
            pass
    assert "sample_rate" not in written.one()


@pytest.mark.parametrize("where", ["..", "^", "resize"])
def test_4_sampling_by_an_ancestor_is_decided_once_for_it(written: Written, where: str) -> None:
    for _ in range(100):
        with record("resize"):
            for _ in range(3):
                with record(".db", sample=(where, 0.5)):
                    pass
    children: dict[str, int] = {}
    for found in written.all():
        if found["type"] == "resize.db":
            children[found["parent"]] = children.get(found["parent"], 0) + 1
    assert 20 < len(children) < 80
    assert set(children.values()) == {3}


def test_4_children_of_a_record_that_is_not_sampled_are_not_written(written: Written) -> None:
    with record("resize", sample=0), record(".db"), record(".query", sample=1):
        pass
    assert written.all() == []


def test_5_a_logging_handler_makes_log_sub_records(written: Written) -> None:
    logger = logging.getLogger("tests.sub_records")
    logger.setLevel(logging.INFO)
    handler = SubRecordHandler()
    logger.addHandler(handler)
    try:
        logger.info("outside")
        with record("resize"):
            logger.warning("slow disk: %d ms", 7, extra={"disk": "sda"})
    finally:
        logger.removeHandler(handler)
    found = written.by_type()
    assert set(found) == {"resize", "resize.log"}
    line, root = found["resize.log"], found["resize"]
    assert (line["message"], line["level"], line["logger"]) == (
        "slow disk: 7 ms",
        "WARNING",
        "tests.sub_records",
    )
    assert (line["parent"], line["id"]) == (root["span"], root["id"])
    assert line["fields"] == {"disk": "sda"}
