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
    try:
        found = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and not (place.strict and found.st_ctime > started)
