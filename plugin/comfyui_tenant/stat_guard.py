"""`os.stat` and its kin tell confined code nothing of private places: for it, nothing is there.

Landlock does not cover them, and Python has no audit event for them.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from . import confinement, context
from .denials import replace_in_os
from .guard import Guard

_FUNCTIONS = ("stat", "lstat", "access", "readlink", "statvfs", "pathconf")
_NOT_FOLLOWING = ("lstat", "readlink")


def install(guard: Guard) -> None:
    import posix

    for name in filter(lambda name: hasattr(os, name), _FUNCTIONS):
        guarded = _Guarded(getattr(os, name), name, guard)
        replace_in_os(name, guarded)
        setattr(posix, name, guarded)
    _mend_pathlib()


def _mend_pathlib() -> None:
    # Python 3.10 keeps the functions that it found in a class of its own.
    pathlib = sys.modules.get("pathlib")
    accessor = getattr(pathlib, "_NormalAccessor", None)
    for name in ("stat", "listdir", "scandir", "open", "mkdir", "unlink", "rename", "replace", "rmdir", "readlink"):
        if accessor is not None and hasattr(accessor, name):
            setattr(accessor, name, staticmethod(getattr(os, name)) if name != "open" else staticmethod(open))


class _Guarded:
    """Not a method, wherever a class keeps it."""

    __slots__ = ("__dict__", "_follows", "_guard", "_name", "_original")

    def __init__(self, original: Callable, name: str, guard: Guard):
        self._original, self._name, self._guard = original, name, guard
        self._follows = name not in _NOT_FOLLOWING
        self.__name__ = self.__qualname__ = name
        self.__doc__, self.__wrapped__ = original.__doc__, original

    def __call__(self, path, *args, **kwargs):
        if confinement.confined_as() is None or isinstance(path, int):
            return self._original(path, *args, **kwargs)
        base = kwargs.get("dir_fd")
        tenant = context.current()
        if tenant is not None and not self._allows(tenant, path, base, kwargs.get("follow_symlinks", self._follows)):
            if self._name == "access":
                return False
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self._original(path, *args, **kwargs)

    def _allows(self, tenant: context.Tenant, path: object, dir_fd: int | None, follow: bool) -> bool:
        # The guard looks at links by the same functions.
        with context.as_tenant(context.Housekeeping()):
            written = os.fsdecode(path)
            base = None if dir_fd is None or os.path.isabs(written) else os.readlink(f"/proc/self/fd/{dir_fd}")
            return self._guard.allows(tenant, written if base is None else os.path.join(base, written))
