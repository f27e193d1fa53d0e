"""Who may talk to the page: one person's browser on this machine, let in by a link that works once.

The link printed by ``dayzero serve`` carries a token. It is exchanged for a cookie (HttpOnly, SameSite=Strict) and then
void; the next link is printed when it has been used. Every request and every WebSocket is checked:

=================== ===================================================================================================
Host                a name of this machine; another name is a page that had its name rebound to this address
Origin              this server, wherever it is sent; WebSockets must send it (a foreign page could open one)
cookie              that of a browser let in
length              stated, and at most `LARGEST` bytes
=================== ===================================================================================================

Answers carry a content security policy: everything from this server only, scripts only those with the nonce of the
answer. NiceGUI forces two exceptions: ``unsafe-eval`` (Vue compiles templates in the browser, event handlers are sent
as text) and inline styles.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

COOKIE = "dayzero_session"
HOSTS = ("127.0.0.1", "localhost", "[::1]")
LARGEST = 16 * 1024 * 1024
MOST_BROWSERS = 64

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}

NOT_LET_IN = "open the link that `dayzero serve` printed; each link works once"


class Doors:
    """Browsers let in, and the token of the link that lets in the next one.

    >>> doors = Doors()
    >>> session = doors.enter(doors.token)
    >>> doors.knows(session), doors.knows("another"), doors.knows("")
    (True, False, False)
    """

    def __init__(self, said: Callable[[str], None] | None = None) -> None:
        self.token = secrets.token_urlsafe(32)
        self._said = said
        self._sessions: list[str] = []

    def enter(self, token: str) -> str | None:
        """A session for who has the token, which is void from now on; None for who has another."""
        if not _same(token, self.token):
            return None
        self.token = secrets.token_urlsafe(32)
        self._sessions = [*self._sessions[1 - MOST_BROWSERS :], secrets.token_urlsafe(32)]
        if self._said is not None:
            self._said(self.token)
        return self._sessions[-1]

    def knows(self, session: str) -> bool:
        """Whether a session is that of a browser let in."""
        return sum(_same(session, known) for known in self._sessions) > 0  # all are compared: no timing tells which


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class Guard:
    """ASGI application that checks every request before another application sees it."""

    def __init__(self, inner: Any, doors: Doors) -> None:
        self.app, self._doors = inner, doors  # `app`: NiceGUI finds its server through it

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = _foreign(scope, headers)
        if refused is None and scope["type"] == "http":
            query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
            if "token" in query and scope["method"] == "GET":
                await self._let_in(scope, query["token"], send)
                return
            refused = _size(scope, headers)
        if refused is None and not self._doors.knows(_cookie(headers)):
            refused = (401, "Not let in", NOT_LET_IN)
        if refused is None:
            await self.app(scope, receive, send if scope["type"] == "websocket" else _Sealed(send))
        else:
            await _refuse(scope, send, *refused)

    async def _let_in(self, scope: Any, token: str, send: Any) -> None:
        """Exchange the token for a cookie and take it out of the address."""
        session = self._doors.enter(token)
        if session is None:
            await _refuse(scope, send, 401, "Not let in", f"this link was used before or is another's; {NOT_LET_IN}")
            return
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        kept = urlencode([(name, value) for name, value in pairs if name != "token"])
        place = "/" + scope["path"].lstrip("/\\") + (f"?{kept}" if kept else "")
        cookie = f"{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/"
        await _answer(send, 303, b"", {"location": place, "set-cookie": cookie, "cache-control": "no-store"})


class _Sealed:
    """Passes an answer on with its headers; a page's scripts get the nonce of this answer."""

    def __init__(self, send: Any) -> None:
        self._send, self._nonce = send, secrets.token_urlsafe(16)
        self._start: Any = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message["headers"]}
            kept = [(name, value) for name, value in message["headers"] if name.lower() != b"content-length"]
            is_page = headers.get(b"content-type", b"").startswith(b"text/html")
            sealed = {**HEADERS, "content-security-policy": POLICY.format(nonce=self._nonce)}
            if b"cache-control" not in headers:
                sealed["cache-control"] = "no-store"
            message = {**message, "headers": [*(kept if is_page else message["headers"]), *_bytes(sealed)]}
            if is_page:
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            self._parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            # NiceGUI escapes what people wrote before it stands in the page: the tags left are its own.
            page = b"".join(self._parts).replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
            self._start["headers"].append((b"content-length", str(len(page)).encode()))
            await self._send(self._start)
            message = {"type": "http.response.body", "body": page}
        await self._send(message)


def _foreign(scope: Any, headers: Mapping[str, str]) -> tuple[int, str, str] | None:
    """Why a request is not from this machine's own page."""
    host, origin = headers.get("host", ""), headers.get("origin")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    if name not in HOSTS:
        return 421, "Another host", "this server answers to 127.0.0.1 and localhost only"
    if origin is None:
        foreign = scope["type"] == "websocket" or headers.get("sec-fetch-site") in ("cross-site", "same-site")
    else:
        foreign = origin != f"http://{host}"
    return (403, "Another origin", "this server answers its own page only") if foreign else None


def _size(scope: Any, headers: Mapping[str, str]) -> tuple[int, str, str] | None:
    if scope["method"] in ("GET", "HEAD", "DELETE") and "transfer-encoding" not in headers:
        return None
    length = headers.get("content-length", "")
    if not length.isdecimal() or "transfer-encoding" in headers:
        return 411, "Length needed", "send the content whole, with its length"
    if int(length) > LARGEST:
        return 413, "Too large", f"send at most {LARGEST // 1024**2} MB"
    return None


def _cookie(headers: Mapping[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value


async def _refuse(scope: Any, send: Any, status: int, title: str, detail: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": title})
        return
    import json

    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    await _answer(send, status, body, headers)


async def _answer(send: Any, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    told = {**HEADERS, "content-security-policy": "default-src 'none'", "content-length": str(len(body)), **headers}
    await send({"type": "http.response.start", "status": status, "headers": _bytes(told)})
    await send({"type": "http.response.body", "body": body})


def _bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
