"""Confined Python code may use only Unix sockets in places that it may write. Landlock enforces this itself from ABI 9 on."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from . import confinement
from .comfyui import Function

_METHODS = {"connect": 0, "connect_ex": 0, "sendto": -1, "bind": 0}


def install(allows: Callable[[str, str, bool], bool]) -> None:
    for name, at in _METHODS.items():
        setattr(socket.socket, name, _restricted(getattr(socket.socket, name), at, allows))


def _restricted(original: Function, at: int, allows: Callable[[str, str, bool], bool]) -> Function:
    def method(self: socket.socket, *args: Any) -> Any:
        directory = confinement.confined_as()
        if directory is not None and args and self.family == getattr(socket, "AF_UNIX", None):
            _check(args[at], directory, allows)
        return original(self, *args)

    method.__name__, method.__doc__ = original.__name__, original.__doc__
    return method


def _check(address: object, directory: str, allows: Callable[[str, str, bool], bool]) -> None:
    path = os.fsdecode(address) if isinstance(address, str | bytes) else ""
    # The kernel isolates abstract sockets, which have no name in the file system.
    if path and not path.startswith("\0") and not allows(directory, path, True):
        raise PermissionError(13, "comfy-tenant: access to this socket is not allowed", path)
