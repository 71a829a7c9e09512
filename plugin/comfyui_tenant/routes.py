"""The plugin's own routes: its state, the current user, the user's wait."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from aiohttp import web

from . import VERSION, context
from .comfyui import Json, PromptServer
from .queue import TenantQueue
from .quota import Quota
from .responses import error
from .settings import Settings
from .usage import Usage
from .wait import wait_of


def add_state(server: PromptServer, state: Callable[[], Json]) -> None:
    """`GET /_tenant/plugin`, the only route without authentication: what the gateway needs to check its own configuration."""

    @server.routes.get("/_tenant/plugin")
    async def plugin(_request: web.Request) -> web.Response:
        return web.json_response({"plugin": VERSION, **state()})


def add_own(server: PromptServer, tenants: TenantQueue, quota: Quota, settings: Settings, usage: Usage) -> None:
    @server.routes.get("/_tenant/me")
    async def me(_request: web.Request) -> web.Response:
        tenant = context.require()
        used = await asyncio.to_thread(quota.used, tenant)
        today = await asyncio.to_thread(usage.today, tenant)
        return web.json_response(
            {
                "userId": tenant.user_id,
                "operator": tenant.operator,
                "usedBytes": used,
                "quotaBytes": settings.quota_bytes,
                "maxQueued": settings.max_queued,
                "gpuSeconds": today.as_json(),
            }
        )

    @server.routes.get("/_tenant/queue")
    async def queue(_request: web.Request) -> web.Response:
        return web.json_response(wait_of(server.prompt_queue, tenants.statistics, context.require().directory))

    @server.routes.post("/_tenant/restart")
    async def restart(_request: web.Request) -> web.Response:
        if not context.require().operator:
            return error(403, "operators_only", "POST /_tenant/restart is for operators")
        asyncio.get_running_loop().call_later(0.5, os.execv, sys.executable, [sys.executable, *sys.argv])
        return web.json_response({"restarting": True}, status=202)
