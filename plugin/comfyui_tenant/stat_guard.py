"""Makes private places appear missing to confined code in `os.stat` and similar functions.

Landlock does not cover these, and Python has no audit events for them.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from . import confinement, context
from .comfyui import Function
from .denials import replace_in_os
from .guard import Guard
from .kernel_path import of_descriptor
from .sandbox_policy import is_under

_FUNCTIONS = ("stat", "lstat", "access", "readlink", "statvfs", "pathconf")
_NOT_FOLLOWING = ("lstat", "readlink")
_GUARD = context.Housekeeping()


def install(guard: Guard, changing: Iterable[str], generation: Callable[[], int]) -> None:
    """@param changing places where users can create links
    @param generation a number that increases from time to time; cached decisions are then dropped
    """
    import posix

    decisions = _CachedDecisions(guard, tuple(changing), generation)
    for name in filter(lambda name: hasattr(os, name), _FUNCTIONS):
        guarded = _Guarded(getattr(os, name), name, decisions)
        replace_in_os(name, guarded)
        setattr(posix, name, guarded)
    _update_pathlib()


class _CachedDecisions:
    """The guard's decisions, cached for paths whose meaning only the operator can change."""

    def __init__(self, guard: Guard, changing: tuple[str, ...], generation: Callable[[], int]):
        self._guard, self._generation = guard, generation
        self._changing = tuple({form for path in changing for form in (os.path.abspath(path), os.path.realpath(path))})

    def allows(self, directory: str, path: Any, dir_fd: int | None, follow: bool) -> bool:
        if type(path) is str and dir_fd is None and path[:1] == "/":
            cached = self._cached(self._generation(), directory, path, follow)
            if cached is not None:
                return cached
        base = None if dir_fd is None else of_descriptor(dir_fd)
        return self._ask(directory, os.fsdecode(path), base, follow)

    @functools.lru_cache(maxsize=16384)  # noqa: B019 - one instance lives as long as the process
    def _cached(self, _generation: int, directory: str, path: str, follow: bool) -> bool | None:
        if "/.." in path or any(is_under(os.path.normpath(path), place) for place in self._changing):
            return None
        return self._ask(directory, path, None, follow)

    def _ask(self, directory: str, path: str, base: str | None, follow: bool) -> bool:
        # The guard itself uses these functions to check links.
        token = context.enter(_GUARD)
        try:
            return self._guard.allows(context.Tenant("", directory), path, base, follow=follow)
        finally:
            context.leave(token)


def _update_pathlib() -> None:
    # Python 3.10 keeps references to the original functions in a class.
    pathlib = sys.modules.get("pathlib")
    accessor = getattr(pathlib, "_NormalAccessor", None)
    for name in ("stat", "listdir", "scandir", "open", "mkdir", "unlink", "rename", "replace", "rmdir", "readlink"):
        if accessor is not None and hasattr(accessor, name):
            setattr(accessor, name, staticmethod(getattr(os, name)) if name != "open" else staticmethod(open))


class _Guarded:
    """Replaces a function. An object, not a function, so that it never becomes a method when stored in a class."""

    __slots__ = ("__dict__", "_decisions", "_follows", "_name", "_original")

    def __init__(self, original: Function, name: str, decisions: _CachedDecisions):
        self._original, self._name, self._decisions = original, name, decisions
        self._follows = name not in _NOT_FOLLOWING
        self.__name__ = self.__qualname__ = name
        self.__doc__, self.__wrapped__ = original.__doc__, original

    def __call__(self, path: Any, *args: Any, **kwargs: Any) -> Any:
        directory = confinement.confined_as()
        if directory is None or isinstance(path, int) or isinstance(context.snapshot(), context.Housekeeping):
            return self._original(path, *args, **kwargs)
        follow = kwargs.get("follow_symlinks", self._follows)
        if self._decisions.allows(directory, path, kwargs.get("dir_fd"), follow):
            return self._original(path, *args, **kwargs)
        if self._name == "access":
            return False
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
