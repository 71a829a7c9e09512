"""Removing the folders of a made-up user of a verification, so that none is left behind."""

from __future__ import annotations

import asyncio
import os
import re
import shutil

from aiohttp import web

from . import context
from .responses import error

# The gateway gives this prefix to the users of `comfy-tenant verify` alone.
_MADE_UP = re.compile(r"verify~[a-z0-9]{16}")


def add_removal(server) -> None:
    """`DELETE /_tenant/me`: 204; 403 for everybody else."""

    @server.routes.delete("/_tenant/me")
    async def remove(_request):
        if not _MADE_UP.fullmatch(context.current().user_id):
            return error(403, "made_up_users_only", "only the users of a verification are removed this way")
        await asyncio.to_thread(_remove_all)
        return web.Response(status=204)


def _remove_all() -> None:
    import folder_paths

    directory = context.current().directory
    own = os.path.dirname(folder_paths.get_input_directory())
    user_data = os.path.join(folder_paths.get_user_directory(), directory)
    for folder in (own, user_data):
        # Both end in the user's directory; anything else would be another's.
        if os.path.basename(folder) == directory:
            shutil.rmtree(folder, ignore_errors=True)
