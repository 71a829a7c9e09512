"""Reports denied file accesses: in the node's error (path and setting), in the log and a counter for the operator, and as an
event for the user's page, also if the node swallows the error.
"""

from __future__ import annotations

import builtins
import io
import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from . import confinement, forks
from .comfyui import Function, Json
from .guard import OutsideTenant

EVENT = "comfy-tenant.denied"
READABLE, WRITABLE = "readable", "writable"
_SETTINGS = "COMFY_TENANT_SETTINGS"
# Python functions that open or change files, by the number of their path arguments.
_ONE_PATH = ("open", "listdir", "scandir", "mkdir", "remove", "unlink", "rmdir", "truncate", "mkfifo")
_TWO_PATHS = ("rename", "replace", "link", "symlink")
_WRITING = frozenset((*_ONE_PATH, *_TWO_PATHS)) - {"open", "listdir", "scandir"}
_REMEMBERED = 1000


class Denials:
    """Counts and reports denials. `allows(directory, path, write)` is the policy of the kernel's rules."""

    def __init__(
        self, allows: Callable[[str, str, bool], bool], send: Callable[[str, Json], None], is_model: Callable[[str], bool]
    ):
        self._allows, self._send, self._is_model = allows, send, is_model
        self._lock = forks.new_lock()
        self._reported: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self.count = 0

    def of(self, path: str, write: bool) -> str | None:
        """The setting that would allow the confined caller this access; None if the sandbox does not deny it."""
        directory = confinement.confined_as()
        if directory is None or self._allows(directory, path, write):
            return None
        return WRITABLE if write else READABLE

    def report(self, path: str, setting: str | None) -> None:
        """Logs a denial and sends it to the user's pages, once per user and path."""
        directory = confinement.confined_as() or ""
        key = (directory, path, setting or "")
        with self._lock:
            self.count += 1
            if key in self._reported:
                return
            self._reported[key] = None
            if len(self._reported) > _REMEMBERED:
                self._reported.popitem(last=False)
        remedy = f"; {hint(setting)}" if setting else ", which is private"
        logging.warning("comfy-tenant: denied %s %s to a prompt of %s%s", _verb(setting), path, directory, remedy)
        self._send(EVENT, {"path": path, "setting": setting})

    def forget(self, directory: str) -> None:
        """Reports the denials of a user again: a new prompt starts."""
        with self._lock:
            for key in [key for key in self._reported if key[0] == directory]:
                del self._reported[key]

    def explanation(self, path: str, setting: str, certain: bool = True) -> str:
        """@param certain False if the access may have been a read or a write"""
        if setting == READABLE and self._is_model(path):
            return f"comfy-tenant: {path} was just linked into a folder of models: try again"
        if not certain:
            return f"comfy-tenant: access to {path} is not allowed; {hint(setting)} for reading, {WRITABLE} also for writing"
        return f"comfy-tenant: {_verb(setting)} {path} is not allowed; {hint(setting)}"


def hint(setting: str) -> str:
    return f"the setting {setting} of {_SETTINGS} would allow it"


def _verb(setting: str | None) -> str:
    return {READABLE: "reading", WRITABLE: "writing"}.get(setting or "", "access to")


def install(denials: Denials) -> None:
    for name in (*_ONE_PATH, *_TWO_PATHS):
        replace_in_os(name, _Explaining(getattr(os, name), name, denials))
    explaining = _Explaining(builtins.open, "open", denials)
    builtins.open = io.open = explaining


def replace_in_os(name: str, new: Function) -> None:
    original = getattr(os, name)
    for group in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if original in group:
            group.add(new)
    setattr(os, name, new)


class _Explaining:
    """Replaces a Python function to explain why the kernel denied access. An object, not a function, so that it never becomes a
    method when stored in a class.
    """

    __slots__ = ("__dict__", "_denials", "_name", "_original")

    def __init__(self, original: Function, name: str, denials: Denials):
        self._original, self._name, self._denials = original, name, denials
        self.__name__ = self.__qualname__ = name
        self.__doc__, self.__module__ = original.__doc__, getattr(original, "__module__", None)  # type: ignore[assignment]
        self.__wrapped__ = original

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._original(*args, **kwargs)
        except PermissionError as error:
            if confinement.confined_as() is not None:
                _explain(error, self._name, args, kwargs, self._denials)
            raise

    def __repr__(self) -> str:
        return repr(self._original)


def _explain(error: PermissionError, name: str, args: tuple[Any, ...], kwargs: Json, denials: Denials) -> None:
    paths = [_text(path) for path in args[: 2 if name in _TWO_PATHS else 1]] or [_text(kwargs.get("path", kwargs.get("file")))]
    if isinstance(error, OutsideTenant):
        denials.report(paths[0] or "", None)
        return
    write = name in _WRITING or (name == "open" and _opens_for_writing(args, kwargs))
    for path in filter(None, paths):
        setting = denials.of(path, write)
        if setting is not None:
            denials.report(path, setting)
            error.strerror = denials.explanation(path, setting)
            return


def _opens_for_writing(args: tuple[Any, ...], kwargs: Json) -> bool:
    how = args[1] if len(args) > 1 else kwargs.get("mode", kwargs.get("flags", "r"))
    if isinstance(how, int):
        return bool(how & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return any(letter in str(how) for letter in "wax+")


def _text(path: Any) -> str | None:
    if isinstance(path, int) or path is None:
        return None
    try:
        return os.fsdecode(path)
    except TypeError:
        return None
