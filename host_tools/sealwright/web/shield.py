"""What every request passes first, before anything is looked up: its host, its size, how often, and what browsers may
do with the answer.

A Host header that is not ours ends a request: a page elsewhere whose name was turned to this address (DNS rebinding)
would read all of it else.
Limits: a body is counted as it comes, so that one without a length, or with a wrong one, is bounded as well.
"""

import json
from collections.abc import Iterable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .site import Site

MOST_BODY: Final = 64 * 1024  # bytes
MOST_UPLOAD: Final = 16 * 1024 * 1024
MOST_HEADERS: Final = 16 * 1024  # bytes
MOST_TARGET: Final = 2048  # characters of path and query
UPLOADS: Final = "/bundles"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # without one, browsers say of our own forms that they come from nowhere
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)


class TooLarge(HTTPException):
    """A body is larger than is taken. The application answers it as any other refusal."""

    def __init__(self) -> None:
        super().__init__(413)


class Shield:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sending = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(sending, *refusal)
            return
        await self._app(scope, _bounded(receive, _most(scope)), sending)

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        """(status, code, text) of a request that goes no further."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._site.hosts:
            remedy = "open the address that `sealwright web` printed, or name yours with --url"
            return 421, "wrong_host", f"this is not the host that you asked for: {remedy}"
        refusal = _oversize(scope)
        if refusal is None and not self._site.limits.requests.takes(_address(scope)):
            refusal = 429, "too_often", "too many requests: wait a minute"
        return refusal


def _oversize(scope: Scope) -> tuple[int, str, str] | None:
    """(status, code, text) of a request that is larger than is taken."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_TARGET:
        return 414, "too_long", f"a path with its query has at most {MOST_TARGET} characters"
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:
        return 431, "too_large", f"headers have at most {MOST_HEADERS} bytes"
    lengths = _values(scope, b"content-length")
    if lengths and (not lengths[0].isdecimal() or int(lengths[0][:12]) > _most(scope)):
        return 413, "too_large", f"a body has at most {_most(scope)} bytes"
    return None


def _most(scope: Scope) -> int:
    return MOST_UPLOAD if scope["path"] == UPLOADS else MOST_BODY


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _bounded(receive: Receive, most: int) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise TooLarge
        return message

    return bounded


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
            headers = [(key.lower(), value) for key, value in given]
            names = {key for key, _ in headers}
            headers += [pair for pair in _HEADERS if pair[0] not in names]
            if b"cache-control" not in names:
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, code: str, text: str) -> None:
    body = json.dumps({"ok": False, "code": code, "error": text}).encode() + b"\n"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 429:
        headers.append((b"retry-after", b"60"))
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
