"""Error responses in the format that ComfyUI's web UI displays."""

from aiohttp import web

from .verifier import Refusal


def refused(refusal: Refusal) -> web.Response:
    return error(refusal.status, refusal.code, refusal.message)


def error(status: int, code: str, message: str, remedy: str = "") -> web.Response:
    headers = {"Retry-After": "5"} if status in (429, 503) else None
    body = {"error": {"type": code, "message": message, "details": remedy, "extra_info": {}}, "node_errors": {}}
    return web.json_response(body, status=status, headers=headers)


def empty_logs(canonical: str) -> web.Response:
    """Empty logs, because ComfyUI's contain all users' prompts and errors."""
    if canonical.endswith("/raw"):
        return web.json_response({"entries": [], "size": {"cols": 80, "rows": 24}})
    if canonical.endswith("/subscribe"):
        return web.Response(status=200)
    return web.json_response("")
