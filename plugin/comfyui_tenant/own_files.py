"""Lets users delete files of their own: ComfyUI has no route for it, and a quota needs one."""

from __future__ import annotations

import os

from aiohttp import web

from . import context
from .answers import error
from .datasets import DATASETS
from .folders import Folders
from .tenant_path import KINDS, is_below


def add_files(server, folders: Folders) -> None:
    """`DELETE /_tenant/files?type=output&subfolder=a&filename=x.png`: 204, or 404 when it is not there."""

    @server.routes.delete("/_tenant/files")
    async def delete(request):
        import folder_paths

        kind = request.query.get("type", "output")
        if kind not in (*KINDS, DATASETS):
            return error(400, "malformed", f"type: must be one of {', '.join((*KINDS, DATASETS))}")
        own = folders.of(context.current(), DATASETS) if kind == DATASETS else folder_paths.get_directory_by_type(kind)
        base = os.path.realpath(own)
        wanted = os.path.join(base, request.query.get("subfolder", ""), request.query.get("filename", ""))
        # The folder that holds it must be one's own; the file itself may be a link, which is removed and not followed.
        parent = os.path.realpath(os.path.dirname(wanted))
        path = os.path.join(parent, os.path.basename(wanted))
        if not is_below(path, base, os.sep) or not os.path.lexists(path) or os.path.isdir(path):
            return error(404, "not_found", "you have no such file")
        os.remove(path)
        return web.Response(status=204)
