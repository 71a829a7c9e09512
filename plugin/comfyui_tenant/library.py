"""The shared library: `<base>/library/{input,workflows}`, which operators fill and every user can read.

Users see its files below `library/` in the lists of inputs and workflows. Nothing that users send is ever written there.
"""

from __future__ import annotations

import mimetypes
import os
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from . import context
from .sandbox_policy import is_under

INPUT, WORKFLOWS = "input", "workflows"
# The folder in the users' lists.
SHOWN = "library"
_MOST = 5000
_FRESH_SECONDS = 5.0

# Set while ComfyUI's own code serves a file of the library instead of the user's input folder.
serving: ContextVar[str | None] = ContextVar("comfy_tenant_library", default=None)


@dataclass(frozen=True)
class LibraryFile:
    """`name` is relative to the library's folder, with slashes."""

    name: str
    path: str
    size: int
    # Seconds since 1970.
    modified: float
    created: float


class Library:
    """`root` is None without a library."""

    def __init__(self, root: str | None):
        self._root = root
        self._lists: dict[str, tuple[float, list[LibraryFile]]] = {}

    def folder(self, kind: str) -> str | None:
        return None if self._root is None else os.path.join(self._root, kind)

    def find(self, kind: str, shown: str) -> str | None:
        """The path of a file that users see as `library/…`; None if it does not exist, or is not in the library."""
        folder, (top, _, name) = self.folder(kind), shown.partition("/")
        if folder is None or top != SHOWN or not _is_plain(name):
            return None
        with context.as_tenant(context.Housekeeping()):
            path = os.path.join(folder, *name.split("/"))
            real = os.path.realpath(path)
            return path if is_under(real, os.path.realpath(folder)) and os.path.isfile(real) else None

    def files(self, kind: str) -> list[LibraryFile]:
        """Its files by name, at most a few thousand; the list is a few seconds old at most."""
        folder, now = self.folder(kind), time.monotonic()
        if folder is None:
            return []
        known = self._lists.get(kind)
        if known is None or now - known[0] > _FRESH_SECONDS:
            with context.as_tenant(context.Housekeeping()):
                known = self._lists[kind] = now, sorted(_files_in(folder), key=lambda file: file.name)
        return known[1]

    def inputs_of_type(self, media: str) -> list[str]:
        """The inputs of a media type, such as `image`, as users see them."""
        names = (file.name for file in self.files(INPUT))
        return [f"{SHOWN}/{name}" for name in names if (mimetypes.guess_type(name)[0] or "").startswith(media + "/")]


def _is_plain(name: str) -> bool:
    """Whether this is a relative path without hidden files, `..` and other surprises."""
    return all(part and not part.startswith(".") and not set(part) & set("\\:\0") for part in name.split("/"))


def _files_in(folder: str) -> Iterator[LibraryFile]:
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _is_plain(name)]
        for name in names:
            path = os.path.join(place, name)
            if count >= _MOST or not _is_plain(name) or not os.path.isfile(path) or os.path.islink(path):
                continue
            count += 1
            found = os.stat(path)
            yield LibraryFile(
                os.path.relpath(path, folder).replace(os.sep, "/"), path, found.st_size, found.st_mtime, found.st_ctime
            )


def library_root(named: str | None, base: str) -> str | None:
    """The library of the settings; else the folder `library` in ComfyUI's base folder, if it is one."""
    place = os.path.abspath(named or os.path.join(base, SHOWN))
    return place if named or any(os.path.isdir(os.path.join(place, kind)) for kind in (INPUT, WORKFLOWS)) else None
