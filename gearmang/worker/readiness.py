"""The file that says that a worker is ready, and whom to ask whether it still is."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gearmang.errors import GearmangError
from gearmang.protocol.errors import AdminError
from gearmang.state_file import write_whole
from gearmang.watch.poll import Snapshot
from gearmang.watch.worker_id import WorkerId

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_MODE: Final = 0o640


class ReadyFile:
    """Is there while the worker is ready: written once all of it is at work, gone as it ends.

    One that a killed worker has left is removed at once.

    Args:
        path: None where nobody wants to know.

    Raises:
        GearmangError: it cannot be removed.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._is_there = False
        if path is not None:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise GearmangError(
                    f"{path} cannot be used as the ready file: {error.strerror}; give --ready-file "
                    "a name in a folder that this user may write"
                ) from None

    def write(self, told: Readiness) -> None:
        """Say so.

        Raises:
            CannotKeep: it cannot be written.
        """
        if self._path is not None:
            self._is_there = True
            write_whole(str(self._path), json.dumps(told._asdict()) + "\n", FILE_MODE)

    def remove(self) -> None:
        """The worker is about to end."""
        if self._path is not None and self._is_there:
            self._is_there = False
            with contextlib.suppress(OSError):
                self._path.unlink()


class Readiness(NamedTuple):
    """What a ready file says.

    Attributes:
        function: that is worked on.
        host, pid: as the worker's client ids have them.
        slots: that must be registered.
        servers: at each of which they must be, as HOST:PORT.
    """

    function: str
    host: str
    pid: int
    slots: int
    servers: list[str]

    @classmethod
    def of_this_process(
        cls, function: str, host: str, slots: int, servers: Sequence[object]
    ) -> Readiness:
        """For the worker that calls it; the host as `WorkerId` writes it."""
        written = WorkerId.parse(str(WorkerId(function, host, os.getpid(), 0)))
        assert written is not None  # noqa: S101  # what it writes it can read
        return cls(function, written.host, os.getpid(), slots, [str(one) for one in servers])

    @classmethod
    def read(cls, path: Path) -> Readiness:
        """What a worker has written.

        Raises:
            GearmangError: there is no such file, or it is another one.
        """
        try:
            told = json.loads(path.read_text("ascii"))
            found = cls(**told)
            if not (isinstance(found.servers, list) and isinstance(found.slots, int)):
                raise TypeError  # noqa: TRY301  # like any other wrong content
        except FileNotFoundError:
            raise GearmangError(
                f"there is no {path}: the worker has not started yet, or it ends"
            ) from None
        except OSError as error:
            raise GearmangError(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError):
            raise GearmangError(f"{path} is no ready file of gearmang work") from None
        return found

    def lacking(self, answers: Sequence[Snapshot | AdminError]) -> str | None:
        """What is missing, in one sentence; None where the worker is ready.

        Args:
            answers: of the servers, in their order; those without an answer are passed by.
        """
        seen = [answer for answer in answers if isinstance(answer, Snapshot)]
        if not seen:
            return f"no server answers: {'; '.join(map(str, answers))}"
        for answer in seen:
            workers = [
                worker
                for peer in answer.connections
                if self.function in peer.functions
                and (worker := WorkerId.parse(peer.client_id)) is not None
            ]
            slots = {one.slot for one in workers if (one.host, one.pid) == (self.host, self.pid)}
            if len(slots) < self.slots:
                return (
                    f"{len(slots)} of {self.slots} slots of {self.function} are registered "
                    f"at {answer.server}"
                )
        return None
