"""Error responses in the format that ComfyUI's web UI displays."""

from __future__ import annotations

import json

from aiohttp import web

from .comfyui import Json
from .day_limits import DayUse
from .verifier import Refusal


class Problem(web.Response):
    """An error as JSON; browsers get a page with its message and remedy instead."""

    def __init__(
        self, status: int, code: str, message: str, remedy: str, extra: Json | None = None, retry_seconds: int = 5
    ) -> None:
        details = {"type": code, "message": message, "details": remedy, "extra_info": extra or {}}
        body = {"error": details, "node_errors": {}}
        headers = {"Retry-After": str(retry_seconds)} if status in (429, 503) else None
        super().__init__(text=json.dumps(body), status=status, headers=headers, content_type="application/json")
        self.message = message
        self.remedy = remedy


def refused(refusal: Refusal) -> web.Response:
    return error(refusal.status, refusal.code, refusal.message)


def error(status: int, code: str, message: str, remedy: str = "") -> web.Response:
    return Problem(status, code, message, remedy)


def used_up(today: DayUse) -> web.Response:
    """429: the user has had their GPU time of the day."""
    message = f"you have used your {today.hard:.0f} GPU seconds of today"
    remedy = f"the limit resets at midnight UTC, in {today.resets_in // 3600} h {today.resets_in % 3600 // 60} min"
    return Problem(429, "gpu_time_used_up", message, remedy, today.as_json(), today.resets_in)
