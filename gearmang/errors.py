"""The errors that a caller of gearmang may want to tell apart.

Each message is one sentence that names what failed, where, and what to do; the command line
prints it as it stands and exits 1.
"""


class GearmangError(Exception):
    """Anything that went wrong in a way that gearmang foresaw."""


class BadServer(GearmangError, ValueError):
    """A server address that is not HOST, HOST:PORT or [IPV6]:PORT."""


class NotQueued(GearmangError):
    """gearmand did not say JOB_CREATED: as far as anyone knows, the job is not in the queue.

    Attributes:
        accepted: of ``submit_many``, how many jobs before it were queued.
    """

    accepted = 0


class JobFailed(GearmangError):
    """A job that was waited for has failed.

    Attributes:
        text: what its worker says of it; empty if nothing.
    """

    def __init__(self, sentence: str, text: str = "") -> None:
        super().__init__(sentence)
        self.text = text


class NoAnswer(GearmangError):
    """The result of a job had not come when its caller's time was up; it may still be done."""


class BadEnvelope(GearmangError):
    """A payload that starts like an envelope and is none."""


class ServerLost(GearmangError):
    """A gearmand cannot be reached, or the connection to it is of no more use."""


class CannotLoad(GearmangError):
    """The worker's code cannot be used: there is no such module or name, or it breaks at once."""


class SpoolError(GearmangError):
    """The spool folder cannot be used."""
