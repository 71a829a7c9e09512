"""Requests for a user's own files are served in the user's sandbox.

A program of the user's may swap a file for a link between the guard's look at it and the opening, or put a pipe there: the
server would open another user's file, or wait for ever. A confined thread of the user's can do neither harm.
"""

from __future__ import annotations

import functools

from aiohttp import web

from . import confinement, context
from .route_overrides import Handler
from .sandbox import Sandbox

_USER_DATA, _SETTINGS = "/userdata/{file}", "/settings/{id}"
_ROUTES = frozenset(
    (
        *(("GET", route) for route in ("/view", "/userdata", "/v2/userdata", _USER_DATA, "/settings", _SETTINGS)),
        ("GET", "/internal/files/{directory_type}"),
        *(("POST", route) for route in ("/upload/image", "/upload/mask", _USER_DATA, "/settings", _SETTINGS)),
        *(("POST", "/userdata/{file}/move/{dest}"), ("DELETE", _USER_DATA), ("DELETE", "/_tenant/files")),
    )
)


def confined(sandbox: Sandbox, method: str, route: str | None, handler: Handler) -> Handler:
    """The handler of a route, which runs in the user's sandbox if it works on the user's files."""
    if (("GET" if method == "HEAD" else method), route) not in _ROUTES:
        return handler

    async def serve(request: web.Request) -> web.StreamResponse:
        # The body comes by the server's loop; the handler finds it read.
        await (request.post() if request.content_type.startswith("multipart/") else request.read())
        tenant = context.require()
        response: web.StreamResponse = await sandbox.call(tenant, lambda: handler(request))
        # The web server opens the file of an answer later, in a thread of a pool.
        confinement.file_work.set(functools.partial(sandbox.submit, tenant))
        return response

    return serve
