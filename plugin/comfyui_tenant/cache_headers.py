"""Keeps responses for one user out of shared caches: all users have the same URLs.

ComfyUI sends `/view` without Cache-Control, and images from the user data as public for a day.
"""

from __future__ import annotations

from aiohttp import web

OWN = "private, no-cache"


def install(app: web.Application) -> None:
    app.on_response_prepare.append(_keep_private)


async def _keep_private(request: web.Request, response: web.StreamResponse) -> None:
    # The files of the web UI are the same for all users.
    if isinstance(request.match_info.route.resource, web.StaticResource):
        return
    if "no-store" not in response.headers.get("Cache-Control", ""):
        # The browser may store it but must revalidate, so that the next user of that browser does not get it.
        response.headers["Cache-Control"] = OWN
