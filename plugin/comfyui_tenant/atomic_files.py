"""Replaces users' files atomically: if the disk is full, the previous file is kept.

ComfyUI opens files for writing, which truncates them first. The modules that save files get a different `open`.
"""

from __future__ import annotations

import builtins
import errno
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import ModuleType
from typing import IO, Any

from .comfyui import Function
from .hooks import Hook, wrap

HOOKS = (
    Hook("app.user_manager", "UserManager.add_routes", ("self", "routes")),
    Hook("app.app_settings", "AppSettings.save_settings", ("self", "request", "settings")),
    Hook("PIL.Image", "Image.save", ("self", "fp", "format")),
)
# These modules save users' files with `open`.
_SAVING = ("app.user_manager", "app.app_settings", "server")
FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_PREFIX, _SUFFIX = ".comfy-tenant-", ".tmp"
# Older temporary files were left by a killed process.
_STALE_SECONDS = 3600
# Set while a request handler saves an image.
saves_image: ContextVar[bool] = ContextVar("comfy_tenant_saves_image", default=False)


class StorageFull(Exception):
    """A file cannot be saved because the disk is full. Not an OSError, which ComfyUI reports as an invalid name."""


def is_temporary(name: str) -> bool:
    return name.startswith(_PREFIX)


@contextmanager
def replacing(path: str, open_file: Callable[[str], IO[Any]], suffix: str = "") -> Iterator[IO[Any]]:
    """A file to write to, which replaces `path` once all of it is on disk. @raises StorageFull"""
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}{suffix}")
    try:
        _remove_stale(folder)
        with open_file(temporary) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
        _sync_folder(folder)
    except BaseException as error:
        with suppress(OSError):
            os.remove(temporary)
        if isinstance(error, OSError) and error.errno in FULL:
            raise StorageFull(os.strerror(error.errno)) from error
        raise


def atomic_open(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    """As `open`, but a file opened with mode `w` replaces the previous one when it is closed."""
    if not isinstance(path, str) or "w" not in mode or "+" in mode:
        return builtins.open(path, mode, *args, **kwargs)
    return replacing(path, lambda temporary: builtins.open(temporary, mode, *args, **kwargs))


@contextmanager
def _reporting_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(os.strerror(error.errno)) from error
        raise


@contextmanager
def _file_of(descriptor: int, *args: Any, **kwargs: Any) -> Iterator[IO[Any]]:
    with _reporting_full(), os.fdopen(descriptor, *args, **kwargs) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _make_temporary(dir: str) -> tuple[int, str]:
    with _reporting_full():
        _remove_stale(dir)
        return tempfile.mkstemp(_SUFFIX, _PREFIX, dir)


def _replace(temporary: str, path: str) -> None:
    with suppress(FileNotFoundError):
        os.chmod(temporary, os.stat(path).st_mode & 0o7777)
    with _reporting_full():
        os.replace(temporary, path)


class _With:
    """A module with some other functions."""

    def __init__(self, module: ModuleType, **others: Function):
        self.__dict__.update(others)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _saves_atomically(module: dict[str, Any]) -> None:
    """Newer ComfyUIs replace a workflow by a temporary file, but report a full disk as an invalid name."""
    if "tempfile" in module:
        module["tempfile"] = _With(tempfile, mkstemp=_make_temporary)
        module["os"] = _With(os, fdopen=_file_of, replace=_replace)


def install() -> None:
    import importlib

    from PIL import Image

    for name in _SAVING:
        module = vars(importlib.import_module(name))
        module["open"] = atomic_open
        if name == "app.user_manager":
            _saves_atomically(module)
    wrap(Image.Image, "save", _saved)


def _saved(original: Function) -> Function:
    """Pillow writes to the file directly. Changed: while a request handler saves an image, the file is replaced atomically."""

    def save(self: Any, fp: Any, format: str | None = None, **params: Any) -> Any:
        if not saves_image.get() or not isinstance(fp, str):
            return original(self, fp, format, **params)
        _, suffix = os.path.splitext(fp)
        with replacing(fp, lambda temporary: builtins.open(temporary, "w+b"), suffix) as file:
            return original(self, file, format or _format_of(suffix), **params)

    return save


def _format_of(suffix: str) -> str:
    from PIL import Image

    Image.init()
    return Image.EXTENSION[suffix.lower()]


def _remove_stale(folder: str) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_temporary(entry.name):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE_SECONDS:
                        os.remove(entry.path)


def _sync_folder(folder: str) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
