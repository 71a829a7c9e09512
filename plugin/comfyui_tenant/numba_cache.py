"""Numba caches compiled code where the user may write, and continues without a cache where another user's function has one.

It chooses the folder of a function's cache once, when the function is defined: next to the code, or in the folder of the user
whose prompt imported it.
"""

from __future__ import annotations

import os
import sys
import types
from typing import Any

from . import confinement
from .comfyui import Function
from .hooks import wrap


def adapt() -> None:
    """Called before each prompt: Numba may be imported at any time."""
    caching, config = sys.modules.get("numba.core.caching"), sys.modules.get("numba.core.config")
    cache = getattr(caching, "Cache", None)
    if cache is None or type(config) is not types.ModuleType:
        return
    # Read each time, because each user has their own.
    folder = property(lambda _: os.environ.get("NUMBA_CACHE_DIR", ""), lambda _module, _value: None)
    config.__class__ = type("TenantConfig", (types.ModuleType,), {"CACHE_DIR": folder})
    for name in ("load_overload", "save_overload"):
        wrap(cache, name, _without_failing)


def _without_failing(original: Function) -> Function:
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        except PermissionError:
            if confinement.confined_as() is None:
                raise
            return None

    return call
