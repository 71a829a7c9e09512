"""The gate in front of every route: who sends it, may they, and whose code runs from here on."""

from __future__ import annotations

import asyncio
import functools
import logging
from dataclasses import dataclass

from aiohttp import web
from multidict import istr

from . import context, policy
from .answers import empty_logs, error, refused
from .atomic_files import FULL, StorageFull
from .confined_files import confined
from .confined_workers import TooManyCalls
from .guard import OutsideTenant
from .identity import TOKEN_HEADER, USER_HEADER, identify
from .ledger import PromptIdTaken, TooManyQueued
from .queue import TenantQueue
from .quota import Quota
from .sandbox import Sandbox
from .settings import Settings
from .shapes import shape_of
from .verifier import Refusal, Verifier

PUBLIC = "/_tenant/plugin"
# There are few patterns, and every request is judged.
_core_of = functools.lru_cache(maxsize=4096)(policy.core_of)
_judge = functools.lru_cache(maxsize=4096)(policy.judge)
_USER, _TOKEN = istr(USER_HEADER), istr(TOKEN_HEADER)
_STORING = ("/upload/image", "/upload/mask", "/userdata/{file}", "/prompt")
_FULL_REMEDY = "the server's disk is full: delete some of your files, or ask its operator for room"
_SETTINGS_HINT = "the setting allowRoutes of COMFY_TENANT_SETTINGS opens it"


@dataclass(frozen=True)
class Gate:
    verifier: Verifier
    settings: Settings
    tenants: TenantQueue
    quota: Quota
    server: object
    sandbox: Sandbox

    def middleware(self):
        @web.middleware
        async def tenant_gate(request: web.Request, handler):
            route = _pattern(request)
            if route == PUBLIC and request.method in ("GET", "HEAD"):
                return await handler(request)
            users, tokens = request.headers.getall(_USER, ()), request.headers.getall(_TOKEN, ())
            found = identify(users, tokens, self.verifier)
            if isinstance(found, Refusal):
                return refused(found)
            # Not taken back at the end: the web server reads a file only after this function has answered. Each request
            # has a task and a context of its own, also among those of one connection.
            context.enter(found)
            return await self._serve(request, handler, route)

        return tenant_gate

    async def _serve(self, request: web.Request, handler, route: str | None) -> web.StreamResponse:
        verdict = policy.OPEN if route is None else _judge(request.method, route, self.settings.allow_routes)
        if verdict == policy.EMPTY:
            return empty_logs(route)
        if verdict == policy.CLOSED or (verdict == policy.OPERATORS and not context.current().operator):
            return _closed(request.method, route, verdict)
        try:
            return await self._answer(request, handler, route)
        except TooManyQueued:
            limit = self.settings.max_queued
            message = f"you have {limit} prompts waiting, as many as one user may have"
            return error(429, "too_many_queued", message, "wait until one of them has run, or take some out of your queue")
        except TooManyCalls:
            message = "too many of your requests have not ended"
            return error(429, "too_many_requests", message, "wait until they have; remove pipes from your files")
        except PromptIdTaken:
            return error(400, "invalid_prompt_id", "prompt_id is in use: leave it out or choose another")
        except OutsideTenant:
            return error(403, "outside_of_your_folders", "this place is outside of your folders")
        except StorageFull as full:
            return error(507, "storage_full", f"not saved: {full}; what was there before is unchanged", _FULL_REMEDY)
        except OSError as failed:
            if failed.errno not in FULL:
                raise
            return error(507, "storage_full", f"not saved: {failed.strerror}", _FULL_REMEDY)

    async def _answer(self, request: web.Request, handler, route: str | None) -> web.StreamResponse:
        shape = shape_of(request.method, route)
        handler = confined(self.sandbox, request.method, route, handler)
        if route not in _STORING or request.method != "POST":
            return await shape(self, request, handler)
        if not self.quota.counts:
            why = self.quota.why_full(request.content_length or 0)
            return error(507, "storage_full", why) if why is not None else await shape(self, request, handler)
        if request.content_length is None:
            return error(411, "length_required", "send Content-Length, so that your storage can be checked")
        tenant = context.current()
        why = await asyncio.to_thread(self.quota.reserve, tenant, request.content_length)
        if why is not None:
            return error(507, "storage_full", why)
        try:
            return await shape(self, request, handler)
        finally:
            self.quota.release(tenant, request.content_length)


def _pattern(request: web.Request) -> str | None:
    """The pattern of the route that was chosen, without `/api`; None when there is none and a 404 or 405 follows."""
    resource = request.match_info.route.resource
    return None if resource is None else _core_of(resource.canonical)


def _closed(method: str, route: str, verdict: str) -> web.Response:
    if verdict == policy.OPERATORS:
        return error(403, "operators_only", f"{method} {route} is for operators")
    logging.warning(
        'comfy-tenant: closed %s %s to a user; %s: allowRoutes: ["%s %s"]', method, route, _SETTINGS_HINT, method, route
    )
    return error(403, "route_closed", f"{method} {route} is closed in multi-tenant mode; {_SETTINGS_HINT}")
