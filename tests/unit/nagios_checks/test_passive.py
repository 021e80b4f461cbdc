"""Results as Nagios' command pipe and its check-result files have them."""

from __future__ import annotations

from nagios_checks.nrdp import form, problem_of
from nagios_checks.passive import LONGEST_COMMAND, Result, command, result_file

RESULT = Result("gm", "Queues", 2, "X CRITICAL - a\\nb; c\nlong\n| a=1\n")


def test_a_command_is_one_line_with_newlines_and_backslashes_escaped() -> None:
    assert command(RESULT, 12.9) == (
        b"[12] PROCESS_SERVICE_CHECK_RESULT;gm;Queues;2;X CRITICAL - a\\\\nb; c\\nlong\\n| a=1\n"
    )


def test_a_long_command_loses_its_long_output_first() -> None:
    long = Result("gm", "Queues", 2, "X CRITICAL - a\n" + "line\n" * 2000 + "| a=1 b=2\n")
    line = command(long, 12)
    assert line.endswith(b";2;X CRITICAL - a | a=1 b=2\n")


def test_a_command_without_room_for_its_perfdata_has_none_rather_than_a_part() -> None:
    many = " ".join(f"function{number}=512" for number in range(400))
    line = command(Result("gm", "Queues", 0, f"X OK - fine | {many}\n"), 12)
    assert line.endswith(b";0;X OK - fine\n")


def test_no_command_is_longer_than_a_pipe_takes_undivided() -> None:
    endless = Result("gm", "Queues", 2, "X CRITICAL - " + "☕" * 9999)
    line = command(endless, 12)
    assert len(line) <= LONGEST_COMMAND
    assert line.endswith(b"\n")


def test_a_result_file_is_a_passive_result_that_ends_in_an_empty_line() -> None:
    text = result_file(RESULT, 12.5).decode()
    assert "check_type=1\n" in text
    assert "return_code=2\n" in text
    assert "output=X CRITICAL - a\\\\nb; c\\nlong\\n| a=1\n\n" in text


def test_a_name_that_is_no_text_can_be_sent() -> None:
    odd = Result("gm", "Queues", 2, "caf\udce9")
    assert b"caf" in command(odd, 1)
    assert b"caf" in form("token", [odd])


def test_only_a_status_of_0_is_success() -> None:
    assert problem_of('{"result": {"status": 0, "message": "OK"}}') is None
    assert problem_of("<result><status>0</status></result>") is None
    assert problem_of('{"result": {"status": "-1", "message": "NO TOKEN"}}') == "NO TOKEN"
    assert problem_of("<html>200 status is 0") == "it does not answer as NRDP does"
    assert problem_of("") == "it does not answer as NRDP does"
