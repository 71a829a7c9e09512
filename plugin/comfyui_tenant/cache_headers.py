"""Keeps responses for one user out of shared caches: all users have the same URLs.

ComfyUI sends `/view` without Cache-Control, and images from the user data as public for a day. It lets browsers ask again for
every file of its web UI; those whose name contains a hash of their content never change, so they need not.
"""

from __future__ import annotations

import re

from aiohttp import web

OWN = "private, no-cache"
# Private, because only users who are signed in get them.
UNCHANGING = "private, max-age=31536000, immutable"
# As Vite names the files it builds. Words and dates of the same length are no hashes.
_HASHED = re.compile(
    r"/assets/(?:[^/]+/)*[^/]+-(?![a-z]{8}\.|[A-Z][a-z]{7}\.|[A-Z]{8}\.|[0-9]{8}\.)[A-Za-z0-9_-]{8}\.[a-z0-9]+"
)


def install(app: web.Application) -> None:
    app.on_response_prepare.append(_keep_private)


async def _keep_private(request: web.Request, response: web.StreamResponse) -> None:
    resource = request.match_info.route.resource
    # The files of the web UI are the same for all users.
    if isinstance(resource, web.StaticResource):
        # ComfyUI's own files are at the root, those of node packs below their prefix.
        if resource.canonical in ("", "/") and response.status in (200, 206, 304) and _HASHED.fullmatch(request.path):
            response.headers["Cache-Control"] = UNCHANGING
        return
    if "no-store" not in response.headers.get("Cache-Control", ""):
        # The browser may store it but must revalidate, so that the next user of that browser does not get it.
        response.headers["Cache-Control"] = OWN
