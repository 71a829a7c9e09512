"""Removes the folders of the temporary test users that `comfy-tenant verify` creates."""

from __future__ import annotations

import asyncio
import os
import re
import shutil

from aiohttp import web

from . import context
from .comfyui import PromptServer
from .responses import error

# The gateway gives this prefix only to users of `comfy-tenant verify`.
_PROBE_USER = re.compile(r"verify~[a-z0-9]{16}")


def is_probe_user(user_id: str) -> bool:
    return _PROBE_USER.fullmatch(user_id) is not None


def add_removal(server: PromptServer) -> None:
    """`DELETE /_tenant/me`: 204; 403 for all other users."""

    @server.routes.delete("/_tenant/me")
    async def remove(_request: web.Request) -> web.Response:
        if not is_probe_user(context.require().user_id):
            return error(403, "made_up_users_only", "only test users of comfy-tenant verify can be removed this way")
        await asyncio.to_thread(_remove_all)
        return web.Response(status=204)


def _remove_all() -> None:
    import folder_paths

    directory = context.require().directory
    own = os.path.dirname(folder_paths.get_input_directory())
    user_data = os.path.join(folder_paths.get_user_directory(), directory)
    for folder in (own, user_data):
        # Both must end in the user's directory; anything else is not theirs.
        if os.path.basename(folder) == directory:
            shutil.rmtree(folder, ignore_errors=True)
