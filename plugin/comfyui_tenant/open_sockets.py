"""The open WebSockets, and those that a revocation closes.

A socket is recorded before its handshake ends, so that a client id that is used twice hides none.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aiohttp import WSCloseCode, web

from . import context
from .context import Tenant

REASON = b"signed out"
# A client that does not answer the close is cut off.
CLOSE_SECONDS = 5
# Longer than a gateway token lives: a request that was allowed before the revocation may still be on its way.
REMEMBERED_SECONDS = 900
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True)
class Revoked:
    """Whose WebSockets to close. None matches all; a socket must match every field."""

    user: str | None = None
    # Digest of a session id.
    session: str | None = None
    # Milliseconds since 1970.
    issued_before: int | None = None

    def concerns(self, tenant: Tenant) -> bool:
        signed_in = tenant.signed_in
        if self.user is not None and self.user != tenant.user_id:
            return False
        if self.session is not None and (signed_in is None or self.session != signed_in.session):
            return False
        return self.issued_before is None or signed_in is None or signed_in.issued_at < self.issued_before


class OpenSockets:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: WeakKeyDictionary[web.WebSocketResponse, tuple[Tenant, asyncio.BaseTransport | None]] = WeakKeyDictionary()
        self._remembered: deque[tuple[float, Revoked]] = deque(maxlen=_MAX_REMEMBERED)
        self._closing: set[asyncio.Task[None]] = set()

    def install(self, app: web.Application) -> None:
        app.on_response_prepare.append(self._record)

    def close(self, revoked: Iterable[Revoked]) -> int:
        """Starts closing the matching sockets. @return their number"""
        if context.current() is not None:
            raise PermissionError("comfy-tenant: only the gateway may close WebSockets")
        wanted = list(revoked)
        self._remembered.extend((self._clock() + REMEMBERED_SECONDS, one) for one in wanted)
        matching = [
            (socket, transport)
            for socket, (tenant, transport) in list(self._open.items())
            if any(one.concerns(tenant) for one in wanted)
        ]
        for socket, transport in matching:
            self._open.pop(socket, None)
            task = asyncio.ensure_future(_close(socket, transport))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return len(matching)

    def by_user(self) -> dict[str, int]:
        """User id → number of open WebSockets."""
        return dict(Counter(tenant.user_id for socket, (tenant, _) in list(self._open.items()) if not socket.closed))

    def is_revoked(self, tenant: Tenant) -> bool:
        """Whether a new socket belongs to what was revoked just now. A password says nothing about when it was used."""
        while self._remembered and self._remembered[0][0] <= self._clock():
            self._remembered.popleft()
        return tenant.signed_in is not None and any(one.concerns(tenant) for _, one in self._remembered)

    async def _record(self, request: web.Request, response: web.StreamResponse) -> None:
        tenant = context.current()
        if not isinstance(response, web.WebSocketResponse) or tenant is None:
            return
        if self.is_revoked(tenant):
            raise web.HTTPForbidden(text="signed out")
        self._open[response] = (tenant, request.transport)


async def _close(socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None) -> None:
    try:
        await asyncio.wait_for(socket.close(code=WSCloseCode.POLICY_VIOLATION, message=REASON), CLOSE_SECONDS)
    except Exception as error:
        # It does not read what we send, or its handshake has not ended.
        logging.debug("comfy-tenant: a WebSocket was cut off: %r", error)
        if isinstance(transport, asyncio.Transport):
            transport.abort()
