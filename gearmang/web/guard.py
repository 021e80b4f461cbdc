"""What stands before every page: who is asking, from where, how much and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gearmang.web.access import Access

OPEN: Final = frozenset({"/healthz"})  # says nothing that a stranger could use
MOST_BODY: Final = 24 * 1024 * 1024  # bytes of a form: a payload of 8 MiB, each byte as %XX
BODY_TIMEOUT: Final = 20.0  # seconds for all of it
ANSWER_TIMEOUT: Final = 30.0  # seconds; pages bound themselves at far less
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TRUSTED_SITES: Final = ("same-origin", "none")  # none: typed, or a bookmark

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}


class Guard:
    """An ASGI application around another.

    Args:
        app: what answers whoever gets through.
        access: the rules; the visitor is passed on as ``scope["visitor"]``.
        hosts: further names that this host is asked under, where nobody says who they are.
    """

    def __init__(self, app: ASGIApp, access: Access, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._access = access
        self._hosts = LOCAL | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
                return
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal, body = await self._judged(scope, receive)
        if refusal is not None:
            await refusal(scope, receive, with_headers)
            return
        try:
            await asyncio.wait_for(
                self._app(scope, _replayed(body, receive), with_headers), ANSWER_TIMEOUT
            )
        except asyncio.TimeoutError:  # another class in Python 3.10
            return  # the connection is closed unfinished; the reader was slower than bearable

    async def _judged(self, scope: Scope, receive: Receive) -> tuple[Response | None, bytes]:
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else None
        visitor = self._access.visitor(
            peer, {name.lower(): value for name, value in headers.items()}
        )
        scope["visitor"] = visitor
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return _refusal(405, "only GET and POST are served here"), b""
        if not self._is_asked_for(headers.get("host", "")):
            return _refusal(421, "this name is none of ours; say it with --allow-host"), b""
        if scope["path"] not in OPEN and not visitor.may("view"):
            return _stranger(self._access, visitor.name), b""
        if scope["method"] != "POST":
            return None, b""
        if not is_from_here(headers):
            return _refusal(403, "this form was sent from another site; nothing was done"), b""
        if not visitor.may_act:
            return _refusal(
                403, "changes are off; start `gearmang serve` with --allow-changes"
            ), b""
        body = await _body(receive, headers)
        if body is None:
            return _refusal(
                413, f"a form may have {MOST_BODY} bytes and take {BODY_TIMEOUT:g} s"
            ), b""
        return None, body

    def _is_asked_for(self, host: str) -> bool:
        """Whether the name in the URL may be ours.

        A page of the internet whose name suddenly means 127.0.0.1 would otherwise read, in its
        visitor's browser, what is open to everybody on this host.
        """
        if self._access.knows_people or self._access.by_socket:
            return True
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        return name.lower() in self._hosts


def is_from_here(headers: Headers) -> bool:
    """Whether a browser sent it from one of our own pages.

    Browsers say so in Sec-Fetch-Site, older ones in Origin; what says neither is no browser,
    and nobody's cookies or passwords travel with it unasked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _TRUSTED_SITES:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


async def _body(receive: Receive, headers: Headers) -> bytes | None:
    """The form; None where it is too large or too slow."""
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BODY:
        return None

    async def gathered() -> bytes | None:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > MOST_BODY:
                return None
            if not message.get("more_body"):
                return b"".join(parts)

    try:
        return await asyncio.wait_for(gathered(), BODY_TIMEOUT)
    except asyncio.TimeoutError:  # another class in Python 3.10
        return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _refusal(status: int, sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status)


def _stranger(access: Access, name: str) -> Response:
    if name:
        return _refusal(403, "your roles do not let you see this page")
    if access.tokens:
        challenge = {"WWW-Authenticate": 'Basic realm="gearmang", charset="UTF-8"'}
        return PlainTextResponse("give your name and token\n", 401, headers=challenge)
    return _refusal(403, "nobody said who you are; come through the proxy that signs people in")
