"""Threads belong to the user whose code starts them; a task of a pool belongs to the one who hands it in.

Python copies the context into asyncio tasks by itself, but not into threads.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from . import context
from .context import Housekeeping, Tenant
from .hooks import Hook, wrap
from .run import PromptEnded

HOOKS = (
    Hook("threading", "Thread.start", ("self",)),
    Hook("concurrent.futures", "ThreadPoolExecutor.submit", ("self", "fn")),
)


def install(adopt: Callable[[threading.Thread], None]) -> None:
    """@param adopt told of each thread that the server starts for itself, before it runs"""
    wrap(threading.Thread, "start", lambda original: _start(original, adopt))
    wrap(ThreadPoolExecutor, "submit", _submit)


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
        owner = context.snapshot()
        if owner is None:
            adopt(self)
            return original(self)
        run = self.run

        def run_as_owner():
            try:
                with working_for(owner):
                    run()
            except PromptEnded:
                # The prompt is made to end, and this thread with it.
                pass

        self.run = run_as_owner
        return original(self)

    return start


def _submit(original):
    def submit(self, fn, /, *args, **kwargs):
        owner = context.snapshot()

        def as_owner(*args, **kwargs):
            with working_for(owner):
                return fn(*args, **kwargs)

        # A pool's threads outlive the task: started here, they must not keep its user.
        token = context.enter(None)
        try:
            return original(self, as_owner, *args, **kwargs)
        finally:
            context.leave(token)

    return submit
