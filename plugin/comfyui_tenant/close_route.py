"""`POST /_tenant/close`: the gateway closes the WebSockets of those whose sign-in was revoked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from .comfyui import PromptServer
from .open_sockets import OpenSockets, Revoked
from .responses import error
from .verifier import BAD_TOKEN, Refusal, Verifier

ROUTE = "/_tenant/close"
RIGHT = "close"
_FIELDS = {"user": str, "session": str, "issuedBefore": int}


def refusal_of(users: Sequence[str], tokens: Sequence[str], verifier: Verifier) -> Refusal | None:
    """Why a request may not call the route: only a token with this one right may, which no user has."""
    if users or len(tokens) != 1:
        return BAD_TOKEN
    return verifier.verify_right(tokens[0], RIGHT)


def add_close(server: PromptServer, sockets: OpenSockets) -> None:
    @server.routes.post(ROUTE)
    async def close(request: web.Request) -> web.Response:
        try:
            revoked = parse(await request.json())
        except ValueError:
            revoked = None
        if revoked is None:
            return error(400, "invalid_request", 'must be {"close": [{"user", "session", "issuedBefore"}]}')
        return web.json_response({"closing": sockets.close(revoked)})


def parse(body: Any) -> list[Revoked] | None:
    """The content of a request; None if it is not valid: a field that is not understood could close too much or too little."""
    entries = body.get("close") if isinstance(body, dict) and set(body) == {"close"} else None
    if not isinstance(entries, list) or not all(_is_valid(entry) for entry in entries):
        return None
    return [Revoked(one.get("user"), one.get("session"), one.get("issuedBefore")) for one in entries]


def _is_valid(entry: Any) -> bool:
    if not isinstance(entry, dict) or not entry or not _FIELDS.keys() >= entry.keys():
        return False
    # `type` rather than isinstance: a bool is also an int.
    return all(type(value) is _FIELDS[name] for name, value in entry.items())
