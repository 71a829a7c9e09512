"""The last line: Python code that works for a user opens, lists and moves nothing in another user's folders.

An audit hook cannot be taken away again. It does not see what C libraries open by themselves, nor other programs.
"""

from __future__ import annotations

import os
import sys

from . import context
from .context import Tenant
from .folders import Folders
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


class OutsideTenant(PermissionError):
    """Code that works for one user reached for a place that is not theirs."""


class Guard:
    """Judges paths for a user. Places: the users' folders, and their directories among ComfyUI's user data."""

    def __init__(self, folders: Folders, user_directory: str):
        self._root = folders.root
        self._real_root = os.path.realpath(folders.root)
        self._user_data = os.path.realpath(user_directory)

    def install(self) -> None:
        sys.addaudithook(self._audit)

    def _audit(self, event: str, args: tuple) -> None:
        if event in _ONE_PATH:
            paths = args[:1]
        elif event in _TWO_PATHS:
            paths = (_target_of_link(args), args[1]) if event == "os.symlink" else args[:2]
        else:
            return
        if context.is_housekeeping():
            return
        tenant = context.current()
        for path in map(_text, paths):
            if path is not None and not self.allows(tenant, path):
                raise OutsideTenant(13, "comfy-tenant: this place belongs to another user", path)

    def allows(self, tenant: Tenant | None, path: str) -> bool:
        """Whether code that works for this user, or for none, may touch a path."""
        written = os.path.abspath(path)
        real = os.path.realpath(written)
        if not all(self._is_own(tenant, spelling) for spelling in {written, real}):
            return False
        return tenant is None or self._stays(tenant, written, real)

    def _is_own(self, tenant: Tenant | None, path: str) -> bool:
        for root in {self._root, self._real_root}:
            entry = first_below(path, root, os.sep)
            if entry is not None:
                return tenant is not None and entry == tenant.directory
        entry = first_below(path, self._user_data, os.sep)
        if entry is None or not is_directory(entry):
            return True
        return tenant is not None and entry == tenant.directory

    def _stays(self, tenant: Tenant, written: str, real: str) -> bool:
        """A path in one of the user's folders must not lead out of it by a link that lies in the folder."""
        for kind in KINDS:
            own = os.path.join(self._root, tenant.directory, kind)
            if is_below(written, own, os.sep):
                return is_below(real, os.path.realpath(own), os.sep)
        return True


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
