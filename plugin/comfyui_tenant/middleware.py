"""The middleware in front of all routes: authenticates the user, checks access to the route, and sets the current user."""

from __future__ import annotations

import asyncio
import functools
import logging
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import istr

from . import context, pack_routes, policy
from .atomic_files import FULL, StorageFull
from .comfyui import PromptServer
from .confined_files import confined, in_sandbox
from .confined_workers import TooManyCalls
from .empty_answers import empty_answer
from .guard import OutsideTenant
from .identity import TOKEN_HEADER, USER_HEADER, identify
from .library import Library
from .model_uploads import ROUTE as MODELS
from .overrides import Handler
from .ownership import PromptIdTaken, TooManyQueued
from .pack_routes import Decision, PackRoutes
from .pages import accepts_html, for_browser
from .profile import Rule
from .queue import TenantQueue
from .quota import Quota
from .responses import error, refused
from .rights import RIGHTS, refusal_of
from .route_overrides import override_for
from .sandbox import Sandbox
from .server_paths import ServerPaths
from .settings import Settings
from .usage import Usage, UseUnknown
from .verifier import Refusal, Verifier

PUBLIC = "/_tenant/plugin"
# There are few patterns, and the check runs for every request.
_core_of = functools.lru_cache(maxsize=4096)(policy.core_of)
_USER, _TOKEN = istr(USER_HEADER), istr(TOKEN_HEADER)
_STORING = ("/upload/image", "/upload/mask", "/userdata/{file}", "/prompt", MODELS)
_FULL_REMEDY = "the server's disk is full: delete some of your files, or ask the operator to free space"
# Status, type, message and remedy.
_REFUSALS: dict[type[Exception], tuple[int, str, str, str]] = {
    PromptIdTaken: (400, "invalid_prompt_id", "prompt_id is in use: omit it or choose another", ""),
    UseUnknown: (503, "usage_unknown", "your GPU time cannot be read", "try again; if it lasts, tell the operator"),
    OutsideTenant: (403, "outside_of_your_folders", "this path is outside your folders", ""),
}
_UNKNOWN = "only if its code is safe for several users, open it with the setting"


@dataclass(frozen=True)
class TenantMiddleware:
    verifier: Verifier
    settings: Settings
    tenants: TenantQueue
    quota: Quota
    server: PromptServer
    sandbox: Sandbox
    usage: Usage
    routes: PackRoutes
    paths: ServerPaths
    library: Library

    def middleware(self) -> Any:
        @web.middleware
        async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not accepts_html(request):
                return await self._respond(request, handler)
            try:
                return for_browser(request, await self._respond(request, handler))
            except web.HTTPException as raised:
                page = for_browser(request, raised)
                if page is raised:
                    raise
                return page
            except Exception:
                logging.exception("comfy-tenant: %s %s failed", request.method, _pattern(request))
                return for_browser(request, web.Response(status=500))

        return authenticate

    async def _respond(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        route = _pattern(request)
        if route == PUBLIC and request.method in ("GET", "HEAD"):
            return await handler(request)
        users, tokens = request.headers.getall(_USER, ()), request.headers.getall(_TOKEN, ())
        right = RIGHTS.get((request.method, route or ""))
        if right is not None:
            refusal = refusal_of(users, tokens, self.verifier, right)
            return await handler(request) if refusal is None else refused(refusal)
        found = identify(users, tokens, self.verifier)
        if isinstance(found, Refusal):
            return refused(found)
        # Not reset at the end: aiohttp reads a file response only after this function returns. Each request has its
        # own task and context, also on a shared connection.
        context.enter(found)
        return await self._serve(request, handler, route)

    async def _serve(self, request: web.Request, handler: Handler, route: str | None) -> web.StreamResponse:
        # Without a route, aiohttp responds with 404 or 405.
        decision = Decision(policy.OPEN)
        if route is not None:
            decision = self.routes.decide(request.match_info.route, request.method, route)
        answer = self._without_handler(request, decision, route or "")
        if answer is not None:
            return answer
        try:
            serve = handler if decision.rule is None else self._pack_handler(handler, decision.rule)
            return await self._answer(request, serve, route)
        except TooManyQueued:
            limit = self.settings.max_queued
            message = f"you have {limit} prompts waiting, which is the limit"
            return error(429, "too_many_queued", message, "wait until one of them has run, or delete some from your queue")
        except TooManyCalls:
            message = "too many of your requests are still running"
            return error(429, "too_many_requests", message, "wait until they have ended; remove named pipes from your files")
        except (PromptIdTaken, UseUnknown, OutsideTenant) as refusal:
            return error(*_REFUSALS[type(refusal)])
        except StorageFull as full:
            return error(507, "storage_full", f"not saved: {full}; the previous file is unchanged", _FULL_REMEDY)
        except OSError as failed:
            if failed.errno not in FULL:
                raise
            return error(507, "storage_full", f"not saved: {failed.strerror}", _FULL_REMEDY)

    def _without_handler(self, request: web.Request, decision: Decision, route: str) -> web.Response | None:
        """The response for a route that the user may not call, or that is answered without its handler; else None."""
        access, rule = decision.access, decision.rule
        if access == policy.EMPTY:
            return empty_answer(policy.asked_for(request.method, route))
        if access == policy.CLOSED or (access == policy.OPERATORS and not context.require().operator):
            return _closed(request.method, route, decision)
        if decision.static is not None and not self.routes.may_serve(decision.static, request.match_info.get("filename", "")):
            return error(404, "not_found", "file not found")
        return None if rule is None else pack_routes.answer_of(request, rule)

    def _pack_handler(self, handler: Handler, rule: Rule) -> Handler:
        """The handler of a pack in the user's sandbox. Its responses may name the server's folders."""

        async def serve(request: web.Request) -> web.StreamResponse:
            answered = await in_sandbox(self.sandbox, handler)(pack_routes.only_listed(request, rule))
            return self.paths.hide_in_response(answered)

        return serve

    async def _answer(self, request: web.Request, handler: Handler, route: str | None) -> web.StreamResponse:
        override = override_for(request.method, route)
        handler = confined(self.sandbox, request.method, route, handler)
        if route not in _STORING or request.method != "POST":
            return await override(self, request, handler)
        if not self.quota.counts:
            why = self.quota.why_full(request.content_length or 0)
            return error(507, "storage_full", why) if why is not None else await override(self, request, handler)
        if request.content_length is None:
            return error(411, "length_required", "Content-Length is required to check your storage quota")
        tenant = context.require()
        why = await asyncio.to_thread(self.quota.reserve, tenant, request.content_length)
        if why is not None:
            return error(507, "storage_full", why)
        try:
            return await override(self, request, handler)
        finally:
            self.quota.release(tenant, request.content_length)


def _pattern(request: web.Request) -> str | None:
    """The pattern of the matched route, without `/api`; None if there is none (404 or 405)."""
    resource = request.match_info.route.resource
    return None if resource is None else _core_of(resource.canonical)


def _closed(method: str, route: str, decision: Decision) -> web.Response:
    if decision.access == policy.OPERATORS:
        return error(403, "operators_only", f"{method} {route} is for operators only")
    never = policy.why_never(policy.asked_for(method, route)) if decision.rule is None else decision.rule.reason
    if never is not None:
        logging.warning("comfy-tenant: denied %s %s, which must stay closed: %s", method, route, never)
        return error(403, "route_closed", f"{method} {route} is closed in multi-tenant mode: {never}")
    logging.warning('comfy-tenant: denied %s %s; %s: allowRoutes: ["%s %s"]', method, route, _UNKNOWN, method, route)
    whose = f" of {decision.pack}" if decision.pack else ""
    return error(403, "route_closed", f"{method} {route}{whose} is closed in multi-tenant mode")
