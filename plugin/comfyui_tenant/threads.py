"""Threads belong to the user whose code starts them, and are in the same sandbox.

Python copies the context into asyncio tasks by itself, but not into threads. Pools are in pools.py.
"""

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import confinement, context
from .context import Housekeeping, Tenant
from .hooks import Hook, wrap
from .run import PromptEnded

HOOKS = (Hook("threading", "Thread.start", ("self",)),)


def install(adopt: Callable[[threading.Thread], None]) -> None:
    """@param adopt told of each thread that the server starts for itself, before it runs"""
    wrap(threading.Thread, "start", lambda original: _start(original, adopt))
    for name in ("start_new_thread", "start_new"):
        if hasattr(_thread, name):
            wrap(_thread, name, _start_new_thread)


@contextmanager
def working_for(owner: Tenant | Housekeeping | None) -> Iterator[None]:
    """For code of a user, and of the user's prompt if there is one."""
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


def _start(original, adopt):
    def start(self):
        owner, directory = context.snapshot(), confinement.confined_as()
        if owner is None and directory is None:
            adopt(self)
            return original(self)
        self.run = _as_owner(self.run, owner, directory)
        return original(self)

    return start


def _start_new_thread(original):
    def start_new_thread(function, args, kwargs=None):
        owner, directory = context.snapshot(), confinement.confined_as()
        if owner is None and directory is None:
            return original(function, args) if kwargs is None else original(function, args, kwargs)
        return original(_as_owner(function, owner, directory), args, kwargs or {})

    return start_new_thread


def _as_owner(run: Callable, owner: Tenant | Housekeeping | None, directory: str | None) -> Callable:
    def run_as_owner(*args, **kwargs):
        confinement.mark(directory)
        try:
            with working_for(owner):
                run(*args, **kwargs)
        except PromptEnded:
            # The prompt is made to end, and this thread with it.
            pass

    return run_as_owner
