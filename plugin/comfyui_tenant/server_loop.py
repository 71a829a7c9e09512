"""Confined code hands nothing to the server's event loop, which is not confined, but what is known to be harmless."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from . import confinement


def install(loop, messages) -> None:
    """@param messages the queue of events to clients, which ComfyUI fills from every thread"""
    original = loop.call_soon_threadsafe

    def call_soon_threadsafe(callback, *args, **kwargs):
        if confinement.confined_as() is not None and not is_harmless(callback, messages):
            raise PermissionError(13, "comfy-tenant: code of a prompt cannot run in the server's event loop", _name(callback))
        return original(callback, *args, **kwargs)

    loop.call_soon_threadsafe = call_soon_threadsafe


def is_harmless(callback: Callable, messages: object) -> bool:
    """Whether a callback is asyncio's own, ComfyUI's own, or puts an event into the queue."""
    holder = getattr(callback, "__self__", None)
    if holder is not None:
        return holder is messages or type(holder).__module__.split(".")[0] in ("asyncio", "_asyncio")
    code = getattr(callback, "__code__", None)
    if code is None:
        return False
    if getattr(callback, "__module__", "") == "asyncio.tasks":
        # run_coroutine_threadsafe: what counts is the coroutine.
        return any(_is_comfyuis(getattr(_content(cell), "cr_code", None)) for cell in callback.__closure__ or ())
    return getattr(callback, "__module__", "") == "asyncio.futures" or _is_comfyuis(code)


def _content(cell) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _is_comfyuis(code) -> bool:
    if code is None:
        return False
    server = sys.modules["server"].__file__
    # Wrapped functions of ComfyUI's are the plugin's.
    return os.path.realpath(code.co_filename) in (os.path.realpath(server), _SOCKETS)


_SOCKETS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "sockets.py")


def _name(callback: Callable) -> str:
    return getattr(callback, "__qualname__", repr(type(callback)))
