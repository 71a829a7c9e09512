"""Error responses in the format that ComfyUI's web UI displays."""

from aiohttp import web

from .comfyui import Json
from .day_limits import DayUse
from .verifier import Refusal


def refused(refusal: Refusal) -> web.Response:
    return error(refusal.status, refusal.code, refusal.message)


def error(
    status: int, code: str, message: str, remedy: str = "", *, extra: Json | None = None, retry_seconds: int = 5
) -> web.Response:
    headers = {"Retry-After": str(retry_seconds)} if status in (429, 503) else None
    body = {"error": {"type": code, "message": message, "details": remedy, "extra_info": extra or {}}, "node_errors": {}}
    return web.json_response(body, status=status, headers=headers)


def used_up(today: DayUse) -> web.Response:
    """429: the user has had their GPU time of the day."""
    message = f"you have used your {today.hard:.0f} GPU seconds of today"
    remedy = f"the limit resets at midnight UTC, in {today.resets_in // 3600} h {today.resets_in % 3600 // 60} min"
    return error(429, "gpu_time_used_up", message, remedy, extra=today.as_json(), retry_seconds=today.resets_in)
