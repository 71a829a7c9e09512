"""Which files of a static folder (`web.static`, `add_static`) may be served to everyone."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from .sandbox_policy import is_under

# What pages load. Not code, configuration, databases or logs of the server.
TYPES = frozenset(
    (
        *(".js", ".mjs", ".cjs", ".css", ".map", ".html", ".htm", ".json", ".txt", ".md", ".wasm", ".svg", ".png", ".jpg"),
        *(".jpeg", ".gif", ".webp", ".avif", ".ico", ".bmp", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".ogg"),
        *(".wav", ".mp4", ".webm", ".glb", ".gltf", ".obj", ".fbx", ".hdr", ".task", ".tflite"),
    )
)
# aiohttp sends such a neighbour instead, to clients that accept its encoding.
_COMPRESSED = (".gz", ".br")


@dataclass(frozen=True)
class StaticFolder:
    """`folder` is resolved. In a strict one, only files of known types that have not changed since the start are served."""

    folder: str
    strict: bool


def may_serve(place: StaticFolder, name: str, started: float) -> bool:
    """Whether a file may be served: a plain file, not hidden, without links that leave the folder.

    @param name the path below the folder, decoded
    @param started when ComfyUI had loaded its packs: later changes may be a user's data
    """
    parts = name.split("/")
    if "\0" in name or "\\" in name or any(part == "" or part.startswith(".") for part in parts):
        return False
    if place.strict and os.path.splitext(name)[1].lower() not in TYPES:
        return False
    path = os.path.realpath(os.path.join(place.folder, *parts))
    # A link may lead to a hidden file.
    if not is_under(path, place.folder) or f"{os.sep}." in path[len(place.folder) :]:
        return False
    found = _stat(path)
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    sent = (found, *(_stat(path + ending) for ending in _COMPRESSED))
    return not place.strict or all(one is None or one.st_ctime <= started for one in sent)


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
