"""The gate in front of every route: who sends it, may they, and whose code runs from here on."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import os
import uuid
from dataclasses import dataclass

from aiohttp import web
from multidict import istr

from . import context, policy
from .answers import empty_logs, error, refused
from .guard import OutsideTenant
from .identity import TOKEN_HEADER, USER_HEADER, Refusal, Verifier, identify
from .ledger import PromptIdTaken, TooManyQueued
from .queue import TenantQueue, aimed
from .quota import Quota
from .settings import Settings
from .sockets import scoped
from .wait import wait_of

PUBLIC = "/_tenant/plugin"
# There are few patterns, and every request is judged.
_core_of = functools.lru_cache(maxsize=4096)(policy.core_of)
_judge = functools.lru_cache(maxsize=4096)(policy.judge)
_USER, _TOKEN = istr(USER_HEADER), istr(TOKEN_HEADER)
_STORING = ("/upload/image", "/upload/mask", "/userdata/{file}", "/prompt")
_SETTINGS_HINT = "the setting allowRoutes of COMFY_TENANT_SETTINGS opens it"


@dataclass(frozen=True)
class Gate:
    verifier: Verifier | None
    settings: Settings
    tenants: TenantQueue
    quota: Quota
    server: object

    def middleware(self):
        @web.middleware
        async def tenant_gate(request: web.Request, handler):
            context.enter(None)
            route = _pattern(request)
            if route == PUBLIC and request.method in ("GET", "HEAD"):
                return await handler(request)
            users, tokens = request.headers.getall(_USER, ()), request.headers.getall(_TOKEN, ())
            found = identify(users, tokens, None if self.verifier else _peer(request), self.verifier)
            if isinstance(found, Refusal):
                return refused(found)
            # Not taken back at the end: the web server reads a file only after this function has answered. The next
            # request of the connection, whose task this is, begins with nobody again.
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
            return error(429, "too_many_queued", f"you have {limit} prompts waiting, as many as one user may have")
        except PromptIdTaken:
            return error(400, "invalid_prompt_id", "prompt_id is in use: leave it out or choose another")
        except OutsideTenant:
            return error(403, "outside_of_your_folders", "this place is outside of your folders")

    async def _answer(self, request: web.Request, handler, route: str | None) -> web.StreamResponse:
        shape = _SHAPES.get(("GET" if request.method == "HEAD" else request.method, route), _as_it_is)
        if route not in _STORING or request.method != "POST" or not self.quota.limits:
            return await shape(self, request, handler)
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

    async def _prompt(self, request: web.Request, handler) -> web.StreamResponse:
        tenant, queue = context.current(), self.server.prompt_queue
        self.tenants.refuse_beyond_cap(queue, tenant)
        response = await handler(request)
        if response.status != 200:
            return response
        body = json.loads(response.body)
        with queue.mutex:
            items = (*queue.queue, *queue.currently_running.values())
            own = next((int(item[0]) for item in items if item[1] == body["prompt_id"]), None)
        body["number"] = self.tenants.ledger.own_counts[tenant.directory] if own is None else own
        body["wait"] = wait_of(queue, self.tenants.ledger, tenant.directory)
        return _with_body(response, body)

    async def _interrupt(self, request: web.Request, handler) -> web.StreamResponse:
        try:
            named = bool((await request.json()).get("prompt_id"))
        except (ValueError, AttributeError):
            named = False
        token = aimed.set(named)
        try:
            return await handler(request)
        finally:
            aimed.reset(token)

    async def _socket(self, request: web.Request, handler) -> web.StreamResponse:
        client_id = scoped(request.rel_url.query.get("clientId", "") or uuid.uuid4().hex, context.current())
        return await handler(request.clone(rel_url=request.rel_url.update_query(clientId=client_id)))

    async def _preview(self, request: web.Request, handler) -> web.StreamResponse:
        # ComfyUI joins the name to the folder of models as it is.
        name = request.match_info["filename"].replace("\\", "/")
        if ".." in name.split("/") or os.path.isabs(name) or ":" in name:
            return error(403, "outside_of_the_models", "filename: must stay in the folder of models")
        return await handler(request)

    async def _stats(self, request: web.Request, handler) -> web.StreamResponse:
        response = await handler(request)
        body = json.loads(response.body)
        # The command line holds the server's paths.
        body["system"]["argv"] = body["system"]["argv"][:1] and ["main.py"]
        return _with_body(response, body)


async def _as_it_is(_gate: Gate, request: web.Request, handler) -> web.StreamResponse:
    return await handler(request)


_SHAPES = {
    ("POST", "/prompt"): Gate._prompt,
    ("POST", "/interrupt"): Gate._interrupt,
    ("GET", "/ws"): Gate._socket,
    ("GET", "/system_stats"): Gate._stats,
    ("GET", "/experiment/models/preview/{folder}/{path_index}/{filename}"): Gate._preview,
}


def _with_body(response: web.Response, body: dict) -> web.Response:
    # Changed in place, for inner middleware has set headers.
    response.text = json.dumps(body)
    return response


def _pattern(request: web.Request) -> str | None:
    """The pattern of the route that was chosen, without `/api`; None when there is none and a 404 or 405 follows."""
    resource = request.match_info.route.resource
    return None if resource is None else _core_of(resource.canonical)


def _peer(request: web.Request) -> str | None:
    name = request.transport.get_extra_info("peername") if request.transport is not None else None
    return name[0] if isinstance(name, tuple) else None


def _closed(method: str, route: str, verdict: str) -> web.Response:
    if verdict == policy.OPERATORS:
        return error(403, "operators_only", f"{method} {route} is for operators")
    logging.warning(
        'comfy-tenant: closed %s %s to a user; %s: allowRoutes: ["%s %s"]', method, route, _SETTINGS_HINT, method, route
    )
    return error(403, "route_closed", f"{method} {route} is closed in multi-tenant mode; {_SETTINGS_HINT}")
