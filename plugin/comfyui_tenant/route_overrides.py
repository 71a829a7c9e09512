"""What some routes need beside the user's own part of the data: a question asked, or an answer told, in another way."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from . import context
from .atomic_files import is_temporary, saves_image
from .prompt_body import fault_of_body
from .queue import interrupt_by_id
from .responses import error
from .sockets import scoped
from .wait import wait_of

if TYPE_CHECKING:
    from .middleware import TenantMiddleware

Override = Callable[["TenantMiddleware", web.Request, Callable], Awaitable[web.StreamResponse]]


def override_for(method: str, route: str | None) -> Override:
    """How the route of this pattern is served."""
    return _OVERRIDES.get(("GET" if method == "HEAD" else method, route), _as_it_is)


async def _as_it_is(_gate: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    return await handler(request)


async def _prompt(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    tenant, queue = context.current(), middleware.server.prompt_queue
    fault = fault_of_body(await request.read(), request.charset or "utf-8")
    if fault is not None:
        return error(400, "invalid_prompt", fault)
    middleware.tenants.refuse_beyond_cap(queue, tenant)
    response = await handler(request)
    if response.status != 200:
        return response
    body = json.loads(response.body)
    with queue.mutex:
        items = (*queue.queue, *queue.currently_running.values())
        own = next((int(item[0]) for item in items if item[1] == body["prompt_id"]), None)
    body["number"] = middleware.tenants.ledger.own_counts[tenant.directory] if own is None else own
    body["wait"] = wait_of(queue, middleware.tenants.ledger, tenant.directory)
    return _with_body(response, body)


async def _interrupt(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    try:
        named = bool((await request.json()).get("prompt_id"))
    except (ValueError, AttributeError):
        named = False
    return await _with_interrupt_by_id(request, handler, named)


async def _cancel(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    return await _with_interrupt_by_id(request, handler, True)


async def _socket(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    client_id = scoped(request.rel_url.query.get("clientId", "") or uuid.uuid4().hex, context.current())
    return await handler(request.clone(rel_url=request.rel_url.update_query(clientId=client_id)))


async def _view(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    # Newer ComfyUIs look such a name up among all assets ever registered, whoever's they are.
    if request.rel_url.query.get("filename", "").startswith("blake3:"):
        return error(404, "not_found", "you have no such file")
    return await handler(request)


async def _preview(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    # ComfyUI joins the name to the folder of models as it is.
    name = request.match_info["filename"].replace("\\", "/")
    if ".." in name.split("/") or os.path.isabs(name) or ":" in name:
        return error(403, "outside_of_the_models", "filename: must stay in the folder of models")
    return await handler(request)


async def _model_folders(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    response = await handler(request)
    body = json.loads(response.body)
    for kind in body:
        # The server's paths; the web UI asks by name and place in this list.
        kind["folders"] = [os.path.basename(folder) for folder in kind["folders"]]
    return _with_body(response, body)


async def _mask(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    token = saves_image.set(True)
    try:
        return await handler(request)
    finally:
        saves_image.reset(token)


async def _user_data(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    response = await handler(request)
    if response.status != 200:
        return response
    # What is being saved is no file yet.
    return _with_body(response, [entry for entry in json.loads(response.body) if not is_temporary(entry["name"])])


async def _stats(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    response = await handler(request)
    body = json.loads(response.body)
    # The command line holds the server's paths.
    body["system"]["argv"] = body["system"]["argv"][:1] and ["main.py"]
    return _with_body(response, body)


async def _with_interrupt_by_id(request: web.Request, handler, named: bool) -> web.StreamResponse:
    token = interrupt_by_id.set(named)
    try:
        return await handler(request)
    finally:
        interrupt_by_id.reset(token)


def _with_body(response: web.Response, body: dict | list) -> web.Response:
    # Changed in place, for inner middleware has set headers.
    response.text = json.dumps(body)
    return response


async def _node_info(middleware: TenantMiddleware, request: web.Request, handler) -> web.StreamResponse:
    # Every node says here what it takes, for which some look at files.
    return await middleware.sandbox.call(context.current(), lambda: handler(request))


_OVERRIDES: dict[tuple[str, str], Override] = {
    ("POST", "/prompt"): _prompt,
    ("POST", "/interrupt"): _interrupt,
    ("POST", "/jobs/cancel"): _cancel,
    ("POST", "/jobs/{job_id}/cancel"): _cancel,
    ("GET", "/ws"): _socket,
    ("GET", "/v2/userdata"): _user_data,
    ("POST", "/upload/mask"): _mask,
    ("GET", "/system_stats"): _stats,
    ("GET", "/view"): _view,
    ("GET", "/object_info"): _node_info,
    ("GET", "/object_info/{node_class}"): _node_info,
    ("GET", "/experiment/models"): _model_folders,
    ("GET", "/experiment/models/preview/{folder}/{path_index}/{filename}"): _preview,
}
