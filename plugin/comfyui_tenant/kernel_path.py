"""Resolves paths as the kernel does: `..` after a link goes up from the link's target."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys

# The limit of Linux; other systems have lower ones.
MAX_LINKS = 40
_ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR))
# Links in /proc lead to objects, not to the path they show: another process may have other mounts. Also files with secrets.
_OF_PROCESS = re.compile(r"/proc/(\d+)(?:/task/\d+)?/(?:cwd|root|fd|map_files|exe|environ|mem|ns)(?:/|$)")
# macOS can open any file by its inode number.
_BY_NUMBER = re.compile(r"/(?:\.vol|\.file)(?:/|$)", re.IGNORECASE)


class Unresolvable(PermissionError):
    """A path cannot be resolved, so access is denied."""


def resolve(path: str, base: str, *, follow: bool = True) -> str:
    """The absolute path without links that the kernel would open; missing names are kept.

    @param base the folder for relative paths, without links
    @param follow whether a link as the last name is followed; with a trailing slash, it always is
    @raises Unresolvable
    """
    if os.name == "nt":
        # Uses the system, which also resolves short names.
        return _windows(os.path.join(base, path), follow)
    return _posix(path, base, follow or path.endswith(("/", "/.")))


def _windows(path: str, follow: bool) -> str:
    if follow:
        return os.path.realpath(path)
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def _posix(path: str, base: str, follow: bool) -> str:
    here = "" if path.startswith("/") else base.rstrip("/")
    ahead = _names(path)
    links = 0
    while ahead:
        name = ahead.pop()
        if name == "..":
            here = here.rpartition("/")[0]
            continue
        place = f"{here}/{name}"
        if not _is_link(place) or (not ahead and not follow):
            here = place
            continue
        links += 1
        if links > MAX_LINKS:
            raise Unresolvable(errno.ELOOP, "comfy-tenant: too many links", path)
        _refuse_others_process(place)
        target = _read_link(place)
        if target.startswith("/"):
            here = ""
        ahead += _names(target)
    _refuse_others_process(here)
    return here or "/"


def _names(path: str) -> list[str]:
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _is_link(place: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(place).st_mode)
    except OSError as error:
        if error.errno in _ABSENT:
            return False
        raise Unresolvable(error.errno, "comfy-tenant: cannot resolve this path", place) from error


def _read_link(place: str) -> str:
    try:
        return os.readlink(place)
    except OSError as error:
        raise Unresolvable(error.errno, "comfy-tenant: cannot read this link", place) from error


def _refuse_others_process(place: str) -> None:
    found = _OF_PROCESS.match(place) if place.startswith("/proc/") else _BY_NUMBER.match(place)
    if found is not None and (found.lastindex is None or int(found[1]) != os.getpid()):
        raise Unresolvable(
            errno.EACCES, "comfy-tenant: paths through another process or an inode number are not allowed", place
        )


def of_descriptor(descriptor: int) -> str | None:
    """The path of an open file or folder, or None if the system does not provide it."""
    try:
        if sys.platform == "darwin":
            import fcntl

            return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None
