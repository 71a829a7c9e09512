"""`GET /_tenant/fitness`, for operators: what in this ComfyUI could undo the isolation, or soon stops it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from aiohttp import web

from . import context
from .private_places import readable_private_keys
from .responses import error

# ComfyUI-Manager as a custom node and as the package that newer ComfyUIs bring.
_MANAGERS = ("comfyui_manager", "comfyui-manager")


def add_diagnostics(server, root: str, key_files: Sequence[str]) -> None:
    @server.routes.get("/_tenant/fitness")
    async def fitness(_request):
        if not context.current().operator:
            return error(403, "operators_only", "GET /_tenant/fitness is for operators")
        with context.as_tenant(context.Housekeeping()):
            return web.json_response({**facts(root), "readableKeys": readable_private_keys(key_files)})


def facts(root: str) -> dict:
    """The addresses that ComfyUI listens on, whether a manager is loaded, and the room on the users' disk in bytes."""
    from comfy.cli_args import args

    usage = shutil.disk_usage(root)
    return {
        "listen": str(args.listen),
        "manager": manager_loaded(sys.modules),
        "disk": {"free": usage.free, "total": usage.total},
    }


def manager_loaded(modules) -> bool:
    return any(name.lower().replace("\\", "/").rstrip("/").endswith(_MANAGERS) for name in list(modules))
