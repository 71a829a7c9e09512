"""Which audit events name files, and the folder that each of their paths is relative to."""

from __future__ import annotations

import errno
import functools
import os
import urllib.parse
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from .kernel_path import Unresolvable, of_descriptor, resolve

_ONE_PATH = frozenset(
    [
        "open",
        "os.listdir",
        "os.scandir",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.truncate",
        "os.chmod",
        "os.chown",
        "os.utime",
        "os.chdir",
        "os.chflags",
        "os.listxattr",
        "os.getxattr",
        "os.setxattr",
        "os.removexattr",
        "os.mkfifo",
        "shutil.rmtree",
        "shutil.chown",
        "sqlite3.connect",
        "glob.glob",
        "os.startfile",
    ]
)
_TWO_PATHS = frozenset(
    [
        "os.rename",
        "os.link",
        "os.symlink",
        "shutil.move",
        "shutil.copyfile",
        "shutil.copymode",
        "shutil.copystat",
        "shutil.copytree",
    ]
)

WATCHED = _ONE_PATH | _TWO_PATHS
# These act on a link itself, not on its target.
NOT_FOLLOWED = frozenset(["os.remove", "os.rmdir", "os.mkdir", "os.rename", "os.symlink"])
# Event → the positions of the dir_fd of each path.
_FOLDERS = {
    "os.remove": (1,),
    "os.mkdir": (2,),
    "os.rmdir": (1,),
    "os.chmod": (2,),
    "os.chown": (3,),
    "os.utime": (3,),
    "shutil.rmtree": (1,),
    "os.rename": (2, 3),
    "os.link": (2, 3),
    "os.symlink": (2, 2),
}
# The event of os.open does not include dir_fd.
_open_in: ContextVar[int | None] = ContextVar("comfy_tenant_open_in", default=None)
# These may replace an existing entry.
REPLACING = frozenset(["os.rename", "os.link", "os.symlink"])


def paths_of(event: str, args: tuple[Any, ...]) -> Iterator[tuple[str, str | None]]:
    """The paths of an event, each with the folder it is relative to (None: the working directory)."""
    for at, given in enumerate(args[: 2 if event in _TWO_PATHS else 1]):
        path = _text(given)
        if path is None:
            continue
        base = _base(event, args, at, path)
        if event == "os.symlink" and at == 0:
            # The target of a link is relative to the folder of the link.
            link = _text(args[1])
            base = None if link is None else resolve(os.path.dirname(link) or ".", base or os.getcwd())
        yield path, base
        if path.startswith("file:"):
            yield from ((meant, base) for meant in _meant_by_uri(path))


def _base(event: str, args: tuple[Any, ...], at: int, path: str) -> str | None:
    if os.path.isabs(path):
        return None
    if event == "open":
        folder = _open_in.get()
    else:
        where = _FOLDERS.get(event, ())
        folder = args[where[at]] if at < len(where) and where[at] < len(args) else None
    if folder is None or folder == -1:
        return None
    found = of_descriptor(folder)
    if found is None:
        raise Unresolvable(errno.EACCES, "comfy-tenant: cannot determine the folder of this relative path", path)
    return found


def _meant_by_uri(uri: str) -> Iterator[str]:
    path = uri.removeprefix("file:")
    yield path
    parsed = urllib.parse.urlsplit(uri)
    yield urllib.parse.unquote(parsed.path)


def _text(path: object) -> str | None:
    if isinstance(path, bytes):
        return os.fsdecode(path)
    if isinstance(path, str):
        return path
    if isinstance(path, os.PathLike):
        return _text(os.fspath(path))
    if isinstance(path, int) and not isinstance(path, bool) and path >= 0:
        return of_descriptor(path)
    return None


def record_dir_fd_of_open() -> None:
    """Wraps `os.open` to make its dir_fd available to the audit hook."""
    original = os.open

    @functools.wraps(original)
    def open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:  # noqa: A001 - os.open
        if dir_fd is None:
            return original(path, flags, mode)
        token = _open_in.set(dir_fd)
        try:
            return original(path, flags, mode, dir_fd=dir_fd)
        finally:
            _open_in.reset(token)

    os.open = open
    if original in os.supports_dir_fd:
        os.supports_dir_fd.add(open)
