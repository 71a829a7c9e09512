"""`GET /_tenant/usage?since=0`: what each user used, and the state of the queue and the disk, for the gateway."""

from __future__ import annotations

import asyncio
import math
import shutil
import time

from aiohttp import web

from . import context
from .comfyui import PromptServer
from .open_sockets import OpenSockets
from .quota import Quota
from .responses import error
from .rights import USAGE
from .tenant_path import directory_of
from .usage import Usage, queue_state


def add_usage(server: PromptServer, usage: Usage, quota: Quota, root: str, sockets: OpenSockets) -> None:
    def bytes_of(user: str) -> int:
        return quota.stored(directory_of(user)) if user else 0

    @server.routes.get(USAGE)
    async def report(request: web.Request) -> web.Response:
        since = _seconds(request.query.get("since", "0"))
        if since is None:
            return error(400, "malformed", "since: must be a time in seconds since 1970")
        users = await asyncio.to_thread(usage.report, since, bytes_of)
        with context.as_tenant(context.Housekeeping()):
            disk = shutil.disk_usage(root)
        queue = queue_state(server.prompt_queue, time.monotonic())
        totals = {"prompts": usage.prompts, "failed": usage.failed, "gpuSeconds": round(usage.gpu_seconds, 3)}
        space = {"free": disk.free, "total": disk.total}
        found = {
            "users": users,
            "queue": queue,
            "totals": totals,
            "disk": space,
            "webSockets": sockets.by_user(),
            "quotaBytes": quota.limit,
        }
        return web.json_response(found)


def _seconds(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
