"""The last line: Python code that works for a user opens, lists and moves nothing in another user's folders.

An audit hook cannot be taken away again. It does not see what C libraries open by themselves, nor other programs.
"""

from __future__ import annotations

import functools
import os
import sys

from . import context
from .context import Housekeeping, Tenant
from .folders import Folders
from .private_places import PrivatePlaces, reveals_process
from .tenant_path import KINDS, first_below, is_below, is_directory

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

_WATCHED = _ONE_PATH | _TWO_PATHS


class OutsideTenant(PermissionError):
    """Code that works for one user reached for a place that is not theirs."""


class Guard:
    """Judges paths for a user. Places: the users' folders, and their directories among ComfyUI's user data."""

    def __init__(self, folders: Folders, user_directory: str, private: PrivatePlaces | None = None):
        self._private = private or PrivatePlaces()
        self._root = folders.root
        self._roots = tuple({folders.root, os.path.realpath(folders.root)})
        self._user_data = tuple({os.path.abspath(user_directory), os.path.realpath(user_directory)})

    def install(self) -> None:
        judge = self._judge

        # A plain function: the interpreter calls it for every event there is, and a bound method costs five times as much.
        # One event is most of them, 18,000 for the list of nodes: to compare it is cheaper than to look it up.
        def audit(event, args, watched=_WATCHED):
            if event != "builtins.id" and event in watched:
                judge(event, args)

        sys.addaudithook(audit)

    def _judge(self, event: str, args: tuple) -> None:
        tenant = context.snapshot()
        if isinstance(tenant, Housekeeping):
            return
        paths = args[:2] if event in _TWO_PATHS else args[:1]
        if event == "os.symlink":
            paths = (_target_of_link(args), args[1])
        for path in map(_text, paths):
            if path is not None and not self.allows(tenant, path):
                raise OutsideTenant(13, "comfy-tenant: this place belongs to another user", path)

    def allows(self, tenant: Tenant | None, path: str) -> bool:
        """Whether code that works for this user, or for none, may touch a path."""
        directory = None if tenant is None else tenant.directory
        written = os.path.abspath(path)
        if not self._is_own(directory, written):
            return False
        own = None if directory is None else self._own_folder(directory, written)
        if own is None:
            return self._is_own(directory, os.path.realpath(written))
        # A link that lies in the user's folder must not lead out of it.
        return not _has_link(own, written) or is_below(os.path.realpath(written), os.path.realpath(own), os.sep)

    # A judgement of the text alone; links are looked at each time.
    @functools.lru_cache(maxsize=8192)  # noqa: B019 - one guard lives as long as the process
    def _is_own(self, directory: str | None, path: str) -> bool:
        if self._private.covers(path) or (directory is not None and reveals_process(path)):
            return False
        for root in self._roots:
            entry = first_below(path, root, os.sep)
            if entry is not None:
                return directory is not None and entry == directory
        for root in self._user_data:
            entry = first_below(path, root, os.sep)
            if entry is not None and is_directory(entry):
                return directory is not None and entry == directory
        return True

    @functools.lru_cache(maxsize=8192)  # noqa: B019 - as above
    def _own_folder(self, directory: str, path: str) -> str | None:
        """The folder of the user's that a path is in."""
        kinds = [os.path.join(self._root, directory, kind) for kind in KINDS]
        user_data = [os.path.join(root, directory) for root in self._user_data]
        return next((folder for folder in (*kinds, *user_data) if is_below(path, folder, os.sep)), None)


def _has_link(folder: str, path: str) -> bool:
    """Whether a name on the way from a folder down to a path is a link."""
    way = folder
    for name in filter(None, path[len(folder) :].split(os.sep)):
        way = os.path.join(way, name)
        if os.path.islink(way):
            return True
    return False


def _target_of_link(args: tuple) -> object:
    target, link = _text(args[0]), _text(args[1])
    if target is None or link is None:
        return args[0]
    return os.path.join(os.path.dirname(os.path.abspath(link)), target)


def _text(path: object) -> str | None:
    if isinstance(path, bytes):
        return os.fsdecode(path)
    if isinstance(path, str):
        return path.removeprefix("file:") if path.startswith("file:") else path
    if isinstance(path, os.PathLike):
        return _text(os.fspath(path))
    return None
