"""When a worker takes no more, cuts off, ends: by a clock that the tests hold."""

import signal

import pytest

from gearmang.worker.lifecycle import EXIT_DONE, EXIT_GRACE, SETTLE_TIMEOUT, Lifecycle


def test_the_lifetime_is_splayed_by_a_tenth_at_most() -> None:
    ends = {Lifecycle(100.0, 25.0, 0.0).next_step() for _ in range(200)}

    assert all(90 <= end <= 110 for end in ends)
    assert max(ends) - min(ends) > 10


def test_no_lifetime_is_for_ever() -> None:
    assert Lifecycle(0.0, 25.0, 0.0).step(1e9, busy=False, unsettled=False) == "go on"


def test_it_ends_between_jobs_when_its_lifetime_is_over() -> None:
    life = Lifecycle(100.0, 25.0, 0.0)

    assert life.step(50.0, busy=False, unsettled=False) == "go on"
    assert life.step(111.0, busy=True, unsettled=False) == "go on"
    assert life.step(9999.0, busy=True, unsettled=False) == "go on"
    assert life.step(9999.0, busy=False, unsettled=False) == "exit"
    assert life.exit_code == EXIT_DONE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_is_cut_off_when_the_grace_is_over(number: signal.Signals) -> None:
    life = Lifecycle(0.0, 25.0, 0.0)
    life.signalled(number, 100.0)

    assert life.step(124.0, busy=True, unsettled=False) == "go on"
    assert life.step(125.0, busy=True, unsettled=False) == "cut off"
    assert life.step(125.1, busy=False, unsettled=True) == "go on"
    assert life.step(125.2, busy=False, unsettled=False) == "exit"
    assert life.exit_code == EXIT_GRACE


def test_it_does_not_wait_for_ever_for_a_copy_to_settle() -> None:
    life = Lifecycle(0.0, 25.0, 0.0)
    life.signalled(signal.SIGTERM, 0.0)

    assert life.step(1.0, busy=False, unsettled=True) == "go on"
    assert life.step(1.0 + SETTLE_TIMEOUT, busy=False, unsettled=True) == "exit"


@pytest.mark.parametrize(("busy", "code"), [(True, EXIT_GRACE), (False, EXIT_DONE)])
def test_a_second_signal_ends_at_once(busy: bool, code: int) -> None:
    life = Lifecycle(0.0, 25.0, 0.0)
    life.signalled(signal.SIGTERM, 0.0)
    life.signalled(signal.SIGTERM, 1.0)

    assert life.step(1.0, busy=busy, unsettled=True) == "exit"
    assert life.exit_code == code


def test_sigtstp_and_sigcont_only_pause() -> None:
    life = Lifecycle(0.0, 25.0, 0.0)

    life.signalled(signal.SIGTSTP, 0.0)
    assert life.quiet
    assert life.step(9.0, busy=False, unsettled=False) == "go on"
    life.signalled(signal.SIGCONT, 10.0)
    assert not life.quiet


def test_an_order_to_stop_and_a_signal_are_one_stop_and_not_two() -> None:
    """A service manager signals all processes of a unit; the foreman then orders the same."""
    life = Lifecycle(0.0, 25.0, 0.0)
    life.stop(0.0)
    life.signalled(signal.SIGTERM, 1.0)
    life.stop(2.0)

    assert life.step(24.0, busy=True, unsettled=False) == "go on"
    life.signalled(signal.SIGTERM, 24.0)
    assert life.step(24.1, busy=True, unsettled=False) == "exit"


def test_what_is_drained_has_all_the_time_that_its_job_takes() -> None:
    life = Lifecycle(0.0, 25.0, 0.0)
    life.drain()

    assert life.step(1e6, busy=True, unsettled=False) == "go on"
    assert life.step(1e6, busy=False, unsettled=False) == "exit"
