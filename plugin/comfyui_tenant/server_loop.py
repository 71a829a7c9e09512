"""Keeps confined code from running callbacks in the server's event loop, which is not confined, except known harmless ones."""

from __future__ import annotations

import asyncio
import os
import sys
from types import CellType, CodeType
from typing import Any

from . import confinement
from .comfyui import Function


def install(loop: asyncio.AbstractEventLoop, messages: object) -> None:
    """@param messages the queue of events to clients, to which ComfyUI adds from all threads"""
    original = loop.call_soon_threadsafe

    def call_soon_threadsafe(callback: Function, *args: Any, **kwargs: Any) -> Any:
        if confinement.confined_as() is not None and not is_harmless(callback, messages):
            raise PermissionError(13, "comfy-tenant: code of a prompt cannot run in the server's event loop", _name(callback))
        return original(callback, *args, **kwargs)

    loop.call_soon_threadsafe = call_soon_threadsafe  # type: ignore[method-assign, assignment]


def is_harmless(callback: Function, messages: object) -> bool:
    """Whether a callback belongs to asyncio or ComfyUI, or puts an event into the queue."""
    holder = getattr(callback, "__self__", None)
    if holder is not None:
        return holder is messages or type(holder).__module__.split(".")[0] in ("asyncio", "_asyncio")
    code = getattr(callback, "__code__", None)
    if code is None:
        return False
    if getattr(callback, "__module__", "") == "asyncio.tasks":
        # run_coroutine_threadsafe: check the coroutine.
        return any(_is_comfyuis(getattr(_content(cell), "cr_code", None)) for cell in callback.__closure__ or ())
    return getattr(callback, "__module__", "") == "asyncio.futures" or _is_comfyuis(code)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _is_comfyuis(code: object) -> bool:
    if not isinstance(code, CodeType):
        return False
    server = str(sys.modules["server"].__file__)
    # The wrappers of ComfyUI's functions are in sockets.py.
    return os.path.realpath(code.co_filename) in (os.path.realpath(server), _SOCKETS)


_SOCKETS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "sockets.py")


def _name(callback: Function) -> str:
    return getattr(callback, "__qualname__", repr(type(callback)))
