"""Per-route overrides: change the request before, or the response after, ComfyUI's own handler.

The routes exist in ComfyUI 0.3.75 and newer; those of `/jobs` only in newer versions.
"""

from __future__ import annotations

import os
import uuid

from aiohttp import web

from . import context
from .atomic_files import is_temporary, saves_image
from .hidden_paths import without_paths
from .interrupts import interrupt_by_id
from .library_routes import with_library
from .overrides import Handler, Override, Parts, body_of, with_body
from .prompt_route import prompt
from .responses import error
from .sockets import scoped


def override_for(method: str, route: str | None) -> Override:
    """The function that serves the route with this pattern."""
    asked = "GET" if method == "HEAD" else method
    return with_library(asked, route or "", _OVERRIDES.get((asked, route or ""), _unchanged))


async def _unchanged(_parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request)


async def _interrupt(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        named = bool((await request.json()).get("prompt_id"))
    except (ValueError, AttributeError):
        named = False
    return await _with_interrupt_by_id(request, handler, named)


async def _cancel(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    return await _with_interrupt_by_id(request, handler, True)


async def _socket(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    client_id = scoped(request.rel_url.query.get("clientId", "") or uuid.uuid4().hex, context.require())
    return await handler(request.clone(rel_url=request.rel_url.update_query(clientId=client_id)))


async def _view(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    # Newer ComfyUI versions look up such a name among the assets of all users.
    if request.rel_url.query.get("filename", "").startswith("blake3:"):
        return error(404, "not_found", "file not found")
    return await handler(request)


async def _preview(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    # ComfyUI joins the name to the folder of models without checks.
    name = request.match_info["filename"].replace("\\", "/")
    if ".." in name.split("/") or os.path.isabs(name) or ":" in name:
        return error(403, "outside_of_the_models", "filename: must be in the folder of models")
    return await handler(request)


async def _model_folders(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    body = body_of(response)
    for kind in body:
        # Hide the server's paths; the web UI uses the name and the position in this list.
        kind["folders"] = [os.path.basename(folder) for folder in kind["folders"]]
    return with_body(response, body)


async def _mask(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    token = saves_image.set(True)
    try:
        return await handler(request)
    finally:
        saves_image.reset(token)


async def _user_data(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if response.status != 200:
        return response
    # Temporary files of saves in progress are not the user's files.
    return with_body(response, [entry for entry in body_of(response) if not is_temporary(entry["name"])])


async def _stats(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    body = body_of(response)
    # The command line contains the server's paths.
    body["system"]["argv"] = body["system"]["argv"][:1] and ["main.py"]
    return with_body(response, body)


async def _with_interrupt_by_id(request: web.Request, handler: Handler, named: bool) -> web.StreamResponse:
    token = interrupt_by_id.set(named)
    try:
        return await handler(request)
    finally:
        interrupt_by_id.reset(token)


async def _node_info(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    # Nodes define their inputs here, and some read files to do so.
    response: web.StreamResponse = await parts.sandbox.call(context.require(), lambda: handler(request))
    return without_paths(response, parts.paths)


_OVERRIDES: dict[tuple[str, str], Override] = {
    ("POST", "/prompt"): prompt,
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
