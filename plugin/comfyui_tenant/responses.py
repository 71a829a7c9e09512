"""Error responses in the format that ComfyUI's web UI displays."""

from __future__ import annotations

import json

from aiohttp import web

from .verifier import Refusal


class Problem(web.Response):
    """An error as JSON; browsers get a page with its message and remedy instead."""

    def __init__(self, status: int, code: str, message: str, remedy: str) -> None:
        body = {"error": {"type": code, "message": message, "details": remedy, "extra_info": {}}, "node_errors": {}}
        headers = {"Retry-After": "5"} if status in (429, 503) else None
        super().__init__(text=json.dumps(body), status=status, headers=headers, content_type="application/json")
        self.message = message
        self.remedy = remedy


def refused(refusal: Refusal) -> web.Response:
    return error(refusal.status, refusal.code, refusal.message)


def error(status: int, code: str, message: str, remedy: str = "") -> web.Response:
    return Problem(status, code, message, remedy)


def empty_logs(canonical: str) -> web.Response:
    """Empty logs, because ComfyUI's contain all users' prompts and errors."""
    if canonical.endswith("/raw"):
        return web.json_response({"entries": [], "size": {"cols": 80, "rows": 24}})
    if canonical.endswith("/subscribe"):
        return web.Response(status=200)
    return web.json_response("")
