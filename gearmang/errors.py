"""The errors that a caller of gearmang may want to tell apart.

Each message is one sentence that names what failed, where, and what to do; the command line
prints it as it stands and exits 1.
"""


class GearmangError(Exception):
    """Anything that went wrong in a way that gearmang foresaw."""


class BadServer(GearmangError, ValueError):
    """A server address that is not HOST, HOST:PORT or [IPV6]:PORT."""


class NotQueued(GearmangError):
    """gearmand did not say JOB_CREATED: as far as anyone knows, the job is not in the queue."""


class BadEnvelope(GearmangError):
    """A payload that starts like an envelope and is none."""
