"""`GET /_tenant/fitness`, for operators: facts about this ComfyUI that can break isolation or soon stop it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

from aiohttp import web

from . import context
from .comfyui import Json, PromptServer
from .pack_report import report
from .pack_routes import PackRoutes
from .private_places import readable_private_keys
from .responses import error

# ComfyUI-Manager as a custom node, and as the package that newer ComfyUI versions include.
_MANAGERS = ("comfyui_manager", "comfyui-manager")


def add_diagnostics(server: PromptServer, root: str, key_files: Sequence[str], routes: PackRoutes) -> None:
    @server.routes.get("/_tenant/fitness")
    async def fitness(_request: web.Request) -> web.Response:
        if not context.require().operator:
            return error(403, "operators_only", "GET /_tenant/fitness is for operators")
        with context.as_tenant(context.Housekeeping()):
            keys = readable_private_keys(key_files)
            packs = {"packs": report(server.app, routes), "profileErrors": routes.errors}
            return web.json_response({**facts(root), "readableKeys": keys, **packs})


def facts(root: str) -> Json:
    """ComfyUI's listen addresses, whether ComfyUI-Manager is loaded, and the bytes of the disk with the users' folders."""
    from comfy.cli_args import args

    usage = shutil.disk_usage(root)
    return {
        "listen": str(args.listen),
        "manager": manager_loaded(sys.modules),
        "disk": {"free": usage.free, "total": usage.total},
    }


def manager_loaded(modules: Iterable[str]) -> bool:
    return any(name.lower().replace("\\", "/").rstrip("/").endswith(_MANAGERS) for name in list(modules))
