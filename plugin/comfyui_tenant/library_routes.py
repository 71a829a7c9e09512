"""Shows the files of the library in ComfyUI's lists, serves them, and refuses to change them."""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Callable
from typing import Any

from aiohttp import web

from .comfyui import Json
from .library import INPUT, SHOWN, WORKFLOWS, Library, LibraryFile, serving
from .overrides import Handler, Override, Parts
from .responses import error

_UPLOADS = {"image_upload": "image", "audio_upload": "audio", "video_upload": "video"}
_READ_ONLY = "the library is read-only: save it under another name"


def shown_workflow(file: str) -> str | None:
    """The name in the library of a file of the user's data; None if it is not in the library's folder."""
    top, _, name = file.partition("/")
    return name if top == WORKFLOWS and name.partition("/")[0] == SHOWN else None


def with_workflows(response: web.StreamResponse, request: web.Request, library: Library) -> web.StreamResponse:
    """The list of a user's workflows, with those of the library. ComfyUI answers 404 if the user has no workflows yet."""
    query = request.rel_url.query
    is_list = query.get("dir", "").strip("/") == WORKFLOWS and query.get("recurse", "").lower() == "true"
    if not is_list or response.status not in (200, 404) or not library.files(WORKFLOWS):
        return response
    own: list[Any] = json.loads(response.text or "") if response.status == 200 and isinstance(response, web.Response) else []
    full, split = (query.get(name, "").lower() == "true" for name in ("full_info", "split"))
    return web.json_response([*own, *(_entry(file, full, split) for file in library.files(WORKFLOWS))])


def _entry(file: LibraryFile, full: bool, split: bool) -> Any:
    path = f"{SHOWN}/{file.name}"
    if full:
        # As ComfyUI has it: milliseconds.
        times = {"modified": int(file.modified * 1000), "created": int(file.created * 1000)}
        return {"path": path, "size": file.size, **times}
    return [path, *path.split("/")] if split else path


def workflow_of(file: str, library: Library) -> web.StreamResponse | None:
    """A workflow of the library; None if there is none of this name."""
    shown = shown_workflow(file)
    path = None if shown is None else library.find(WORKFLOWS, shown)
    if path is None:
        return None
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {"Content-Type": kind, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    with open(path, "rb") as opened:
        return web.Response(body=opened.read(), headers=headers)


def refusal_to_write(library: Library, *files: str) -> web.StreamResponse | None:
    """The answer to a change of files of the library, or to a new file there; None if it is about others."""
    if library.folder(WORKFLOWS) is None or all(shown_workflow(file) is None for file in files):
        return None
    return error(403, "library_is_read_only", _READ_ONLY)


def input_request(request: web.Request, library: Library) -> web.Request | None:
    """The request for a file in the library's input folder, as if that were the user's; None if it is for another one."""
    import folder_paths

    query = request.rel_url.query
    if query.get("type", "output") != INPUT:
        return None
    place = "/".join(part for part in (query.get("subfolder", ""), query.get("filename", "")) if part)
    if library.find(INPUT, place) is None or os.path.exists(os.path.join(folder_paths.get_input_directory(), place)):
        return None
    inside = place.partition("/")[2]
    folder, _, name = inside.rpartition("/")
    return request.clone(rel_url=request.rel_url.update_query(subfolder=folder, filename=name))


def with_inputs(response: web.StreamResponse, library: Library) -> web.StreamResponse:
    """The list of nodes, in which the inputs for files also offer those of the library."""
    offered = {key: library.inputs_of_type(media) for key, media in _UPLOADS.items()}
    if not any(offered.values()) or not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    nodes: Json = json.loads(response.body)
    for node in nodes.values():
        for group in (node.get("input") or {}).values():
            for spec in group.values() if isinstance(group, dict) else ():
                _offer(spec, offered)
    response.body = json.dumps(nodes).encode()
    return response


def _offer(spec: Any, offered: dict[str, list[str]]) -> None:
    if not isinstance(spec, list) or len(spec) < 2 or not isinstance(spec[1], dict):
        return
    choices = spec[0] if isinstance(spec[0], list) else spec[1].get("options")
    if not isinstance(choices, list):
        return
    for key, names in offered.items():
        if spec[1].get(key):
            choices.extend(name for name in names if name not in choices)


_FILE = "/userdata/{file}"
_MOVE = "/userdata/{file}/move/{dest}"


def with_library(method: str, route: str, inner: Override) -> Override:
    """The override of a route, with the library if there is one."""
    made = _LAYERS.get((method, route))
    return inner if made is None else made(inner)


def _list(inner: Override) -> Override:
    async def override(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
        return with_workflows(await inner(parts, request, handler), request, parts.library)

    return override


def _read(inner: Override) -> Override:
    async def override(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
        found = await inner(parts, request, handler)
        shared = workflow_of(request.match_info["file"], parts.library) if found.status == 404 else None
        return found if shared is None else shared

    return override


def _write(inner: Override) -> Override:
    async def override(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
        files = [request.match_info[name] for name in ("file", "dest") if name in request.match_info]
        refusal = refusal_to_write(parts.library, *files)
        return await inner(parts, request, handler) if refusal is None else refusal

    return override


def _view(inner: Override) -> Override:
    async def override(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
        shared = input_request(request, parts.library)
        if shared is None:
            return await inner(parts, request, handler)
        # Of this request only: the next one on this connection can be another user's.
        token = serving.set(parts.library.folder(INPUT))
        try:
            return await inner(parts, shared, handler)
        finally:
            serving.reset(token)

    return override


def _nodes(inner: Override) -> Override:
    async def override(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
        return with_inputs(await inner(parts, request, handler), parts.library)

    return override


_LAYERS: dict[tuple[str, str], Callable[[Override], Override]] = {
    ("GET", "/userdata"): _list,
    ("GET", _FILE): _read,
    ("POST", _FILE): _write,
    ("DELETE", _FILE): _write,
    ("POST", _MOVE): _write,
    ("GET", "/view"): _view,
    ("GET", "/object_info"): _nodes,
    ("GET", "/object_info/{node_class}"): _nodes,
}
