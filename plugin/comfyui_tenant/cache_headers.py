"""Keeps one user's answers out of caches that others use: every user has the same URLs.

ComfyUI lets anyone keep `/view` as long as they like and calls pictures among the user data public for a day.
"""

from __future__ import annotations

from aiohttp import web

OWN = "private, no-cache"


def install(app: web.Application) -> None:
    app.on_response_prepare.append(_keep_private)


async def _keep_private(request: web.Request, response: web.StreamResponse) -> None:
    # The files of the web UI are the same for all.
    if isinstance(request.match_info.route.resource, web.StaticResource):
        return
    if "no-store" not in response.headers.get("Cache-Control", ""):
        # The browser may keep it and must ask each time, so that who signs in next does not get it.
        response.headers["Cache-Control"] = OWN
