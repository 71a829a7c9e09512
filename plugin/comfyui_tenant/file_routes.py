"""Lets users delete their files: ComfyUI has no route for it, and a quota needs one."""

from __future__ import annotations

import os

from aiohttp import web

from . import context
from .comfyui import PromptServer
from .datasets import DATASETS
from .folders import Folders
from .responses import error
from .tenant_path import KINDS, is_below


def add_files(server: PromptServer, folders: Folders) -> None:
    """`DELETE /_tenant/files?type=output&subfolder=a&filename=x.png`: 204, or 404 if it does not exist."""

    @server.routes.delete("/_tenant/files")
    async def delete(request: web.Request) -> web.Response:
        import folder_paths

        kind = request.query.get("type", "output")
        if kind not in (*KINDS, DATASETS):
            return error(400, "malformed", f"type: must be one of {', '.join((*KINDS, DATASETS))}")
        own = folders.of(context.require(), DATASETS) if kind == DATASETS else folder_paths.get_directory_by_type(kind)
        base = os.path.realpath(own)
        wanted = os.path.join(base, request.query.get("subfolder", ""), request.query.get("filename", ""))
        # The containing folder must be the user's; the file may be a link, which is removed, not followed.
        parent = os.path.realpath(os.path.dirname(wanted))
        path = os.path.join(parent, os.path.basename(wanted))
        if not is_below(path, base, os.sep) or not os.path.lexists(path) or os.path.isdir(path):
            return error(404, "not_found", "file not found")
        os.remove(path)
        return web.Response(status=204)
