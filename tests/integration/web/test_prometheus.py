"""A real Prometheus scrapes a real `gearmang serve`."""

import pytest

from tests.daemons.process import await_that
from tests.daemons.prometheus import Prometheus
from tests.integration.web.scraped import ODD


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("gearmang_server_up", "1"),
        ('gearmang_function_waiting{function="thumbs"}', "1"),
        ('gearmang_function_workers{function="resize"}', "1"),
        ('gearmang_dead_letters{state="dead"}', "3"),
        ('gearmang_attempts_total{function="resize",outcome="failure"}', "1"),
        ('gearmang_attempt_duration_seconds_bucket{function="resize",le="0.05"}', "1"),
        ('gearmang_attempt_duration_seconds_bucket{function="resize",le="10.0"}', "2"),
        ('gearmang_attempt_wait_seconds_count{function="resize"}', "2"),
        ("count by (n) (label_replace(gearmang_attempt_wait_seconds_sum, 'n', '', '', ''))", "2"),
    ],
)
def test_it_has_the_figures(prometheus: Prometheus, expression: str, value: str) -> None:
    assert [one["value"][1] for one in prometheus.query(expression)] == [value]


def test_a_function_of_any_name_is_a_series(prometheus: Prometheus) -> None:
    found = prometheus.query('gearmang_attempts_total{outcome="failure"}')
    assert {one["metric"]["function"] for one in found} == {"resize", ODD}


def test_a_bucket_tells_the_job_that_is_its_example(prometheus: Prometheus) -> None:
    (series,) = prometheus.exemplars(
        'gearmang_attempt_duration_seconds_bucket{function="resize",le="10.0"}'
    )
    assert {one["labels"]["job_id"] for one in series["exemplars"]} == {"job-failure"}


def test_the_rules_are_evaluated(prometheus: Prometheus) -> None:
    def summed() -> bool:
        found = prometheus.query('gearmang:function_waiting:sum{function="thumbs"}')
        return [one["value"][1] for one in found] == ["1"]

    await_that(summed, "the sums are recorded")
