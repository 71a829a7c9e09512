"""A thread belongs to the user whose code starts it, and is in the same sandbox.

Python copies the context to asyncio tasks, but not to threads. For pools see pools.py.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import confinement, context
from .comfyui import Function
from .context import Housekeeping, Tenant
from .hooks import Hook, wrap
from .run import PromptEnded

HOOKS = (Hook("threading", "Thread.start", ("self",)),)


def install(adopt: Callable[[threading.Thread], None]) -> None:
    """@param adopt called with each thread that the server itself starts, before it runs"""
    wrap(threading.Thread, "start", lambda original: _start(original, adopt))
    for name in ("start_new_thread", "start_new"):
        if hasattr(_thread, name):
            wrap(_thread, name, _start_new_thread)


@contextmanager
def working_for(owner: Tenant | Housekeeping | None) -> Iterator[None]:
    """Runs code as a user, and as part of the user's prompt if there is one."""
    run = owner.run if isinstance(owner, Tenant) else None
    token = context.enter(owner)
    try:
        if run is not None:
            run.enter_thread()
        yield
    finally:
        if run is not None:
            run.leave_thread()
        context.leave(token)


def _start(original: Function, adopt: Callable[[threading.Thread], None]) -> Function:
    """Python starts threads in an empty context. Changed: they get the starting thread's user and sandbox."""

    def start(self: threading.Thread) -> Any:
        owner, directory = context.snapshot(), confinement.confined_as()
        if owner is None and directory is None:
            adopt(self)
            return original(self)
        self.run = _as_owner(self.run, owner, directory)  # type: ignore[method-assign]
        return original(self)

    return start


def _start_new_thread(original: Function) -> Function:
    """As `_start`, for the low-level function."""

    def start_new_thread(function: Function, args: Any, kwargs: Any = None) -> Any:
        owner, directory = context.snapshot(), confinement.confined_as()
        if owner is None and directory is None:
            return original(function, args) if kwargs is None else original(function, args, kwargs)
        return original(_as_owner(function, owner, directory), args, kwargs or {})

    return start_new_thread


def _as_owner(run: Function, owner: Tenant | Housekeeping | None, directory: str | None) -> Function:
    def run_as_owner(*args: Any, **kwargs: Any) -> None:
        confinement.mark(directory)
        try:
            with working_for(owner):
                run(*args, **kwargs)
        except PromptEnded:
            # The prompt is being ended, and this thread with it.
            pass

    return run_as_owner
