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
from .kernel_path import of_descriptor

_FUNCTIONS = ("stat", "lstat", "access", "readlink", "statvfs", "pathconf")
_NOT_FOLLOWING = ("lstat", "readlink")
_GUARD = context.Housekeeping()


def install(guard: Guard, is_everyones: Callable[[str], bool]) -> None:
    """@param is_everyones whether a path, as it is written, lies where nothing private can be"""
    import posix

    for name in filter(lambda name: hasattr(os, name), _FUNCTIONS):
        guarded = _Guarded(getattr(os, name), name, guard, is_everyones)
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

    __slots__ = ("__dict__", "_follows", "_guard", "_is_everyones", "_name", "_original")

    def __init__(self, original: Callable, name: str, guard: Guard, is_everyones: Callable[[str], bool]):
        self._original, self._name, self._guard, self._is_everyones = original, name, guard, is_everyones
        self._follows = name not in _NOT_FOLLOWING
        self.__name__ = self.__qualname__ = name
        self.__doc__, self.__wrapped__ = original.__doc__, original

    def __call__(self, path, *args, **kwargs):
        directory = confinement.confined_as()
        if directory is None or isinstance(path, int):
            return self._original(path, *args, **kwargs)
        if isinstance(path, str) and self._is_everyones(path):
            return self._original(path, *args, **kwargs)
        found = context.snapshot()
        # The guard looks at links by the same functions.
        if isinstance(found, context.Housekeeping):
            return self._original(path, *args, **kwargs)
        follow = kwargs.get("follow_symlinks", self._follows)
        if not self._allows(found or context.Tenant("", directory), path, kwargs.get("dir_fd"), follow):
            if self._name == "access":
                return False
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self._original(path, *args, **kwargs)

    def _allows(self, tenant: context.Tenant, path: object, dir_fd: int | None, follow: bool) -> bool:
        token = context.enter(_GUARD)
        try:
            base = None if dir_fd is None else of_descriptor(dir_fd)
            return self._guard.allows(tenant, os.fsdecode(path), base, follow=follow)
        finally:
            context.leave(token)
