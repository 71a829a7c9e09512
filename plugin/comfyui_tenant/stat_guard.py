"""`os.stat` and its kin tell confined code nothing of private places: for it, nothing is there.

Landlock does not cover them, and Python has no audit event for them.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterable

from . import confinement, context
from .denials import replace_in_os
from .guard import Guard
from .kernel_path import of_descriptor
from .sandbox_policy import is_under

_FUNCTIONS = ("stat", "lstat", "access", "readlink", "statvfs", "pathconf")
_NOT_FOLLOWING = ("lstat", "readlink")
_GUARD = context.Housekeeping()


def install(guard: Guard, changing: Iterable[str], generation: Callable[[], int]) -> None:
    """@param changing places in which users can make links
    @param generation a number that grows from time to time: what the operator's links mean is looked up anew then
    """
    import posix

    judge = _Judge(guard, tuple(changing), generation)
    for name in filter(lambda name: hasattr(os, name), _FUNCTIONS):
        guarded = _Guarded(getattr(os, name), name, judge)
        replace_in_os(name, guarded)
        setattr(posix, name, guarded)
    _mend_pathlib()


class _Judge:
    """The guard's verdict, remembered where only the operator can change what a path means."""

    def __init__(self, guard: Guard, changing: tuple[str, ...], generation: Callable[[], int]):
        self._guard, self._generation = guard, generation
        self._changing = tuple({form for path in changing for form in (os.path.abspath(path), os.path.realpath(path))})

    def allows(self, directory: str, path: object, dir_fd: int | None, follow: bool) -> bool:
        if type(path) is str and dir_fd is None and path[:1] == "/":
            verdict = self._fixed(self._generation(), directory, path, follow)
            if verdict is not None:
                return verdict
        base = None if dir_fd is None else of_descriptor(dir_fd)
        return self._ask(directory, os.fsdecode(path), base, follow)

    @functools.lru_cache(maxsize=16384)  # noqa: B019 - one judge lives as long as the process
    def _fixed(self, _generation: int, directory: str, path: str, follow: bool) -> bool | None:
        if "/.." in path or any(is_under(os.path.normpath(path), place) for place in self._changing):
            return None
        return self._ask(directory, path, None, follow)

    def _ask(self, directory: str, path: str, base: str | None, follow: bool) -> bool:
        # The guard looks at links by the same functions.
        token = context.enter(_GUARD)
        try:
            return self._guard.allows(context.Tenant("", directory), path, base, follow=follow)
        finally:
            context.leave(token)


def _mend_pathlib() -> None:
    # Python 3.10 keeps the functions that it found in a class of its own.
    pathlib = sys.modules.get("pathlib")
    accessor = getattr(pathlib, "_NormalAccessor", None)
    for name in ("stat", "listdir", "scandir", "open", "mkdir", "unlink", "rename", "replace", "rmdir", "readlink"):
        if accessor is not None and hasattr(accessor, name):
            setattr(accessor, name, staticmethod(getattr(os, name)) if name != "open" else staticmethod(open))


class _Guarded:
    """Not a method, wherever a class keeps it."""

    __slots__ = ("__dict__", "_follows", "_judge", "_name", "_original")

    def __init__(self, original: Callable, name: str, judge: _Judge):
        self._original, self._name, self._judge = original, name, judge
        self._follows = name not in _NOT_FOLLOWING
        self.__name__ = self.__qualname__ = name
        self.__doc__, self.__wrapped__ = original.__doc__, original

    def __call__(self, path, *args, **kwargs):
        directory = confinement.confined_as()
        if directory is None or isinstance(path, int) or isinstance(context.snapshot(), context.Housekeeping):
            return self._original(path, *args, **kwargs)
        follow = kwargs.get("follow_symlinks", self._follows)
        if self._judge.allows(directory, path, kwargs.get("dir_fd"), follow):
            return self._original(path, *args, **kwargs)
        if self._name == "access":
            return False
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
