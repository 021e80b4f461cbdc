"""Whether the process behind a plan lives."""

import os
import socket
import subprocess
import time

from gearmang.dead_letters.acting.owner import LEASE, is_alive, this_process


def test_this_process_is_alive_however_long_it_was_silent() -> None:
    assert is_alive(this_process(), 0.0, time.time())


def test_a_process_that_has_ended_is_not() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert not is_alive(f"{socket.gethostname()}:{ended.pid}+1", time.time(), time.time())


def test_a_killed_process_whose_parent_has_not_looked_is_not() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        started = this_process().replace(str(os.getpid()), str(child.pid))
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(started, time.time(), time.time())


def test_a_later_process_with_the_same_number_is_not_the_owner() -> None:
    owner, _, ticks = this_process().rpartition("+")
    assert not is_alive(f"{owner}+{int(ticks) - 1}", time.time(), time.time())


def test_a_process_elsewhere_is_alive_while_it_gives_signs() -> None:
    assert is_alive("elsewhere:1+1", 1_000.0, 1_000.0 + LEASE - 1)
    assert not is_alive("elsewhere:1+1", 1_000.0, 1_000.0 + LEASE + 1)
