"""What overrides of routes have in common."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from aiohttp import web

from .comfyui import PromptServer
from .library import Library
from .pack_routes import PackRoutes
from .queue import TenantQueue
from .sandbox import Sandbox
from .server_paths import ServerPaths
from .usage import Usage

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Parts(Protocol):
    """What the overrides need of the plugin."""

    @property
    def server(self) -> PromptServer: ...

    @property
    def tenants(self) -> TenantQueue: ...

    @property
    def sandbox(self) -> Sandbox: ...

    @property
    def usage(self) -> Usage: ...

    @property
    def routes(self) -> PackRoutes: ...

    @property
    def paths(self) -> ServerPaths: ...

    @property
    def library(self) -> Library: ...


Override = Callable[[Parts, web.Request, Handler], Awaitable[web.StreamResponse]]


def body_of(response: web.StreamResponse) -> Any:
    return json.loads(cast(bytes, cast(web.Response, response).body))


def with_body(response: web.StreamResponse, body: Any) -> web.StreamResponse:
    # Changed in place, because inner middleware has set headers.
    cast(web.Response, response).text = json.dumps(body)
    return response
