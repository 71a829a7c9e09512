"""`POST /_tenant/models/{kind}/{name}`: a user uploads a model of their own, if the setting `userModels` allows it.

Only safetensors files, whose header is checked before the rest is read: other formats can contain code. They are in the user's
`output/{kind}`, where only their owner can select them, and count as storage. Equal files of several users are stored several
times: a shared one could be changed by any of them, and its number of links would tell that someone else has it.
"""

from __future__ import annotations

import asyncio
import os
import re
import uuid
from collections.abc import AsyncIterator

from aiohttp import web

from . import context
from .comfyui import PromptServer
from .responses import error
from .safetensors_header import PREFIX, NotSafetensors, check_header, header_size
from .settings import Settings

ROUTE = "/_tenant/models/{kind}/{name}"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ ()+-]{0,120}\.safetensors")
_CHUNK = 1024 * 1024


def add_model_uploads(server: PromptServer, settings: Settings) -> None:
    @server.routes.post(ROUTE)
    async def upload(request: web.Request) -> web.Response:
        kind, name, total = request.match_info["kind"], request.match_info["name"], request.content_length
        kinds, most = settings.user_models.get("kinds", []), settings.user_models.get("maxBytes", 0)
        folder = _folder_of(kind) if kind in kinds else None
        if folder is None:
            return error(403, "not_allowed", f"models of this kind cannot be uploaded; allowed: {', '.join(kinds) or 'none'}")
        if not _NAME.fullmatch(name):
            return error(400, "malformed", "name: must be a plain file name that ends in .safetensors")
        if total is None:
            return error(411, "length_required", "Content-Length is required")
        if total > most:
            return error(413, "too_large", f"the model has {total} bytes; at most {most} are allowed")
        path = os.path.join(folder, name)
        if os.path.lexists(path) and request.query.get("overwrite") != "true":
            return error(409, "exists", "you have a model of this name: delete it, or upload with overwrite=true")
        try:
            await _store(request.content.iter_chunked(_CHUNK), path, total)
        except NotSafetensors as wrong:
            return error(400, "not_safetensors", f"not stored: {wrong}")
        return web.json_response({"kind": kind, "name": name, "bytes": total}, status=201)


def _folder_of(kind: str) -> str | None:
    """The user's own folder of a kind of models; None if ComfyUI has none for this kind."""
    import folder_paths

    known = folder_paths.folder_names_and_paths
    own = next(iter(known.own(context.require(), kind)), None) if kind in known else None
    return None if own is None else str(own)


async def _store(chunks: AsyncIterator[bytes], path: str, total: int) -> None:
    """Writes a file that appears only once it is whole. @raises NotSafetensors"""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = os.path.join(os.path.dirname(path), f".upload-{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb") as file:
            stored = await _copy(chunks, file, total)
        if stored != total:
            raise NotSafetensors("the upload was cut off")
        os.replace(part, path)
    finally:
        if os.path.lexists(part):
            os.remove(part)


async def _copy(chunks: AsyncIterator[bytes], file: object, total: int) -> int:
    begin, checked, stored = b"", False, 0
    async for chunk in chunks:
        if not checked:
            begin += chunk
            checked = await asyncio.to_thread(_is_checked, begin, total)
        stored += len(chunk)
        if stored > total:
            raise NotSafetensors("it has more data than announced")
        await asyncio.to_thread(file.write, chunk)  # type: ignore[attr-defined]
    if not checked:
        raise NotSafetensors("the upload was cut off")
    return stored


def _is_checked(begin: bytes, total: int) -> bool:
    """Whether the header has arrived, and is valid. @raises NotSafetensors"""
    if len(begin) < PREFIX:
        return False
    size = header_size(begin, total)
    if len(begin) < PREFIX + size:
        return False
    check_header(begin[PREFIX : PREFIX + size], total - PREFIX - size)
    return True
