"""What a path means to the kernel: a link is followed where it stands, and `..` goes up from where a link has led."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys

# Linux gives up after as many; others sooner.
MAX_LINKS = 40
_ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR))
# Links of /proc lead to objects and not to their text: another process may have other mounts. Also what shows its secrets.
_OF_PROCESS = re.compile(r"/proc/(\d+)(?:/task/\d+)?/(?:cwd|root|fd|map_files|exe|environ|mem|ns)(?:/|$)")
# macOS reaches any file by its number.
_BY_NUMBER = re.compile(r"/(?:\.vol|\.file)(?:/|$)", re.IGNORECASE)


class Unresolvable(PermissionError):
    """What a path means cannot be found out, so nobody may use it."""


def resolve(path: str, base: str, *, follow: bool = True) -> str:
    """The absolute path, free of links, of what the kernel would find; missing names stay as they are.

    @param base the folder that a relative path starts from, free of links
    @param follow whether a link in the last place is followed; with a slash behind it, it always is
    @raises Unresolvable
    """
    if os.name == "nt":
        # It asks the system, which also knows short names.
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
        raise Unresolvable(error.errno, "comfy-tenant: this path cannot be followed", place) from error


def _read_link(place: str) -> str:
    try:
        return os.readlink(place)
    except OSError as error:
        raise Unresolvable(error.errno, "comfy-tenant: this link cannot be read", place) from error


def _refuse_others_process(place: str) -> None:
    found = _OF_PROCESS.match(place) if place.startswith("/proc/") else _BY_NUMBER.match(place)
    if found is not None and (found.lastindex is None or int(found[1]) != os.getpid()):
        raise Unresolvable(errno.EACCES, "comfy-tenant: files are not reached by way of another process or by number", place)


def of_descriptor(descriptor: int) -> str | None:
    """Where an open file or folder is, or None where the system does not tell."""
    try:
        if sys.platform == "darwin":
            import fcntl

            return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None
