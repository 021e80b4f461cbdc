"""What can go wrong when records are read back."""

from gearmang.errors import GearmangError


class RecordsError(GearmangError):
    """Records could not be found, read or understood."""
