"""The function behind check_gearmang_roundtrip: it gives back what it gets."""

from typing import Any

ECHO_FUNCTION = "gearmang_echo"


def echo(data: Any) -> Any:
    """For ``gearmang work nagios_checks.echo:echo --function gearmang_echo``."""
    return data
