"""Serves requests for a user's files in the user's sandbox.

Otherwise a program of the user could replace a file with a link between the guard's check and the `open`, or with a pipe: the
server would open another user's file, or block forever. In a confined thread, neither does harm.
"""

from __future__ import annotations

import functools

from aiohttp import web

from . import confinement, context
from .overrides import Handler
from .sandbox import Sandbox

_USER_DATA, _SETTINGS = "/userdata/{file}", "/settings/{id}"
_ROUTES = frozenset(
    (
        *(("GET", route) for route in ("/view", "/userdata", "/v2/userdata", _USER_DATA, "/settings", _SETTINGS)),
        ("GET", "/internal/files/{directory_type}"),
        # Also of the user's own models.
        *(("GET", route) for route in ("/experiment/models/{folder}", "/view_metadata/{folder_name}")),
        ("GET", "/experiment/models/preview/{folder}/{path_index}/{filename}"),
        *(("POST", route) for route in ("/upload/image", "/upload/mask", _USER_DATA, "/settings", _SETTINGS)),
        *(("POST", "/userdata/{file}/move/{dest}"), ("DELETE", _USER_DATA), ("DELETE", "/_tenant/files")),
    )
)


def confined(sandbox: Sandbox, method: str, route: str | None, handler: Handler) -> Handler:
    """The handler of a route; it runs in the user's sandbox if the route accesses the user's files."""
    return in_sandbox(sandbox, handler) if (("GET" if method == "HEAD" else method), route) in _ROUTES else handler


def in_sandbox(sandbox: Sandbox, handler: Handler) -> Handler:
    """The handler, running in the user's sandbox."""

    async def serve(request: web.Request) -> web.StreamResponse:
        # The body must be read in the server's event loop; the handler then uses the result.
        await (request.post() if request.content_type.startswith("multipart/") else request.read())
        tenant = context.require()
        response: web.StreamResponse = await sandbox.call(tenant, lambda: handler(request))
        # aiohttp opens the file of a response later, in a thread of a pool.
        confinement.file_work.set(functools.partial(sandbox.submit, tenant))
        return response

    return serve
