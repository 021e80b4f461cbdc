"""Carries notices to a command or a webhook, beside the collector: a slow one holds nothing up."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

import orjson

from gearmang.dead_letters.arriving.notices import Notice
from gearmang.dead_letters.store.errors import NotAllowed

_CALL_TIMEOUT: Final = 15.0  # seconds for one call
_TRIES: Final = 3
_FIRST_PAUSE: Final = 1.0  # seconds before the second try; the next is twice that
_LONGEST_QUEUE: Final = 100  # notices; what does not fit is said in the log


class Messenger:
    """One thread that makes the calls, one after another.

    Args:
        command: a program and its arguments; it gets the notice as JSON on its standard input.
        webhook: an ``http`` or ``https`` URL that the notice is POSTed to as JSON.
        say: is told, in one line, of a call that failed.

    Raises:
        NotAllowed: the webhook is no URL of these kinds.
    """

    def __init__(
        self, *, command: Sequence[str], webhook: str | None, say: Callable[[str], None]
    ) -> None:
        if webhook is not None and urlsplit(webhook).scheme not in ("http", "https"):
            raise NotAllowed(f"the webhook {webhook!r} is no http or https URL")
        self._command = list(command)
        self._webhook = webhook
        self._say = say
        self._queue: queue.Queue[Notice | None] = queue.Queue(_LONGEST_QUEUE)
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def tell(self, notice: Notice) -> None:
        """Have it told soon."""
        try:
            self._queue.put_nowait(notice)
        except queue.Full:
            self._say(f"no notice of {notice.fingerprint}: {_LONGEST_QUEUE} wait already")

    def close(self, timeout: float) -> None:
        """Finish what waits, as far as the seconds allow."""
        try:
            self._queue.put(None, timeout=timeout)
        except queue.Full:
            return
        self._thread.join(timeout)

    def _run(self) -> None:
        while (notice := self._queue.get()) is not None:
            document = orjson.dumps(notice.document())
            if self._command:
                self._try("the notify command", lambda: self._run_command(document))  # noqa: B023 # called at once
            if self._webhook:
                self._try("the webhook", lambda: self._post(document))  # noqa: B023 # called at once

    def _try(self, what: str, call: Callable[[], None]) -> None:
        for number in range(_TRIES):
            try:
                call()
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                if number == _TRIES - 1:
                    self._say(f"{what} failed {_TRIES} times: {error}")
                else:
                    time.sleep(_FIRST_PAUSE * 2**number)
            else:
                return

    def _run_command(self, document: bytes) -> None:
        subprocess.run(
            self._command,
            input=document,
            check=True,
            timeout=_CALL_TIMEOUT,
            stdout=subprocess.DEVNULL,
        )

    def _post(self, document: bytes) -> None:
        request = urllib.request.Request(  # noqa: S310 # the scheme was looked at above
            str(self._webhook), data=document, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=_CALL_TIMEOUT):  # noqa: S310 # as above
            pass
