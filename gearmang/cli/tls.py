"""The options by which a command speaks TLS with every gearmand that it asks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from gearmang.protocol.tls import Tls, encrypt_all

_FILE = click.Path(exists=True, dir_okay=False)


def tls_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--ca --cert --key --server-name``: any of them has all connections of the command be TLS.

    Nothing is passed on: `encrypt_all` is told before the command begins.
    """

    @functools.wraps(command)
    def secured(
        *, ca: str | None, cert: str | None, key: str | None, server_name: str | None, **given: Any
    ) -> Any:
        encrypt_all(tls_of(ca, cert, key, server_name))
        return command(**given)

    for option in reversed(_OPTIONS):
        secured = option(secured)
    return secured


def tls_of(
    ca: str | None = None,
    cert: str | None = None,
    key: str | None = None,
    server_name: str | None = None,
) -> Tls | None:
    """What the options, or a ``[tls]`` table of the same names, ask for; None: plaintext.

    Raises:
        click.UsageError: a key without a certificate.
    """
    if key and not cert:
        raise click.UsageError("--key is of no use without --cert")
    if not (ca or cert or server_name):
        return None
    return Tls(ca or None, cert or None, key or None, server_name or None)


_OPTIONS = (
    click.option("--ca", type=_FILE, envvar="GEARMANG_CA", show_envvar=True,
                 help="Speak TLS, and trust the certificates in this file."),
    click.option("--cert", type=_FILE, envvar="GEARMANG_CERT", show_envvar=True,
                 help="Speak TLS, and show this certificate."),
    click.option("--key", type=_FILE, envvar="GEARMANG_KEY", show_envvar=True,
                 help="Its private key, where it is not in the same file."),
    click.option("--server-name", metavar="NAME", envvar="GEARMANG_SERVER_NAME", show_envvar=True,
                 help="Speak TLS; the certificate must be for this name, not for the host."),
)  # fmt: skip
