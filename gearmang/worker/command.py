"""Any command as a job's code: what its words, its exit code and its JSON mean."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from gearmang.errors import CannotLoad
from gearmang.worker.dossiers import name_of_signal
from gearmang.worker.job import Reject, Retry

if TYPE_CHECKING:
    from gearmang.worker.job import Job

EXIT_REJECT: Final = 65  # EX_DATAERR of sysexits.h
EXIT_RETRY: Final = 75  # EX_TEMPFAIL
TOLD_ON: Final = 3  # the descriptor for progress, data and record fields


class CommandFailed(Exception):
    """A command failed: it ended with another code than 0, by a signal, or said so.

    Args:
        told: one sentence.
        outcome, error_type, exit_code, signal: for the dossier.
    """

    def __init__(
        self,
        told: str,
        *,
        outcome: str = "failure",
        error_type: str = "exit",
        exit_code: int | None = None,
        signal: int | None = None,
    ) -> None:
        self.outcome, self.error_type = outcome, error_type
        self.exit_code, self.signal = exit_code, signal
        super().__init__(told)


def words_of(line: str) -> list[str]:
    """The words of a command line.

    Raises:
        CannotLoad: it has none, or its quotes do not match.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise CannotLoad(f"{line!r} is no command line: {error}") from None
    if not words:
        raise CannotLoad("an empty command line names no program")
    return words


def program_of(words: Sequence[str]) -> str:
    """Where the program is.

    Raises:
        CannotLoad: it is not there.
    """
    path = shutil.which(words[0])
    if path is None:
        raise CannotLoad(f"there is no program {words[0]}; give its path, or set PATH")
    return path


def error_of(line: str, status: int, retry_after: float | None = None) -> Exception:
    """What a command's end means that did not do its job.

    Args:
        line: the command.
        status: as `os.waitpid` gives it.
        retry_after: seconds that it has asked for.
    """
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        name = name_of_signal(-code)
        told = f"{line} died of {name}"
        return CommandFailed(told, outcome="crashed", error_type=name, signal=-code)
    told = f"{line} exited with code {code}"
    if code == EXIT_REJECT:
        return Reject(told)
    if code == EXIT_RETRY:
        return Retry(told, after=retry_after)
    return CommandFailed(told, exit_code=code)


def environment_of(job: Job) -> dict[str, str]:
    """What a command learns of its job."""
    return {
        "GEARMANG_JOB_ID": job.id,
        "GEARMANG_FUNCTION": job.function,
        "GEARMANG_ATTEMPT": str(job.attempt),
        "GEARMANG_HANDLE": job.handle,
        "GEARMANG_UNIQUE": job.unique,
    }


class Said:
    """What a command tells of its job in JSON.

    Attributes:
        retry_after: seconds that it asks for before another try.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.retry_after: float | None = None

    def hear(self, line: bytes) -> None:
        """Take one document; what is none is told in the log and costs nothing."""
        try:
            self._heed(orjson.loads(line))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            print(f"descriptor {TOLD_ON}: {bytes(line[:200])!r}: {error}", file=sys.stderr)

    def _heed(self, said: dict[str, Any]) -> None:
        if "progress" in said:
            done, of = said["progress"]
            self._job.progress(int(done), int(of))
        if "data" in said:
            text = said["data"]
            self._job.send(text.encode() if isinstance(text, str) else text)
        if "record" in said:
            self._job.record.set(**said["record"])
        if "retry_after" in said:
            self.retry_after = float(said["retry_after"])
