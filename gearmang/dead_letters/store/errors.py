"""What can go wrong with the store of dead letters."""

from gearmang.errors import GearmangError


class StoreError(GearmangError):
    """The store cannot be used; the text names it, says why and what to do next."""


class StoreUnavailable(StoreError):
    """The store is locked, full or unreachable now; the same call may succeed later."""


class NoSuchLetter(GearmangError):
    """No dead letter, fingerprint or plan has this id."""


class AmbiguousId(GearmangError):
    """Several have an id that starts like this; the text lists them."""


class NotAllowed(GearmangError):
    """What was asked for does not fit the state that things are in."""
