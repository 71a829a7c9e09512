"""Empty answers for features that are not provided: the web UI shows an error if they are denied or missing.

Newer web UIs ask for them on each start or tab.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .comfyui import PromptServer

# ComfyUI's logs contain all users' prompts and errors.
LOGS: dict[str, Any] = {
    "GET /internal/logs": "",
    "GET /internal/logs/raw": {"entries": [], "size": {"cols": 80, "rows": 24}},
    "PATCH /internal/logs/subscribe": None,
}
# The agent has one session for all users, and secrets one store; the files of a job are in its own entry.
FEATURES: dict[str, Any] = {
    "GET /agent/threads": {"threads": []},
    "GET /agent/skills": {"skills": []},
    "GET /secrets": {"data": []},
    "GET /secrets/providers": {"data": []},
    "GET /jobs/{job_id}/assets": {"assets": []},
}
ANSWERS = {**LOGS, **FEATURES}


def empty_answer(asked: str) -> web.Response:
    """@param asked method and pattern, as in ANSWERS"""
    body = ANSWERS[asked]
    return web.Response(status=200) if body is None else web.json_response(body)


def add_empty(server: PromptServer) -> None:
    """Routes for a ComfyUI that does not have them. The middleware answers for both."""

    async def unreachable(_request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    for asked in FEATURES:
        method, _, path = asked.partition(" ")
        server.routes.route(method, path)(unreachable)
