"""Threads belong to the user whose code starts them; a task of a pool belongs to the one who hands it in.

Python copies the context into asyncio tasks by itself, but not into threads.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from . import context
from .hooks import Hook, wrap

HOOKS = (
    Hook("threading", "Thread.start", ("self",)),
    Hook("concurrent.futures", "ThreadPoolExecutor.submit", ("self", "fn")),
)


def install() -> None:
    wrap(threading.Thread, "start", _start)
    wrap(ThreadPoolExecutor, "submit", _submit)


def _start(original):
    def start(self):
        owner = context.snapshot()
        if owner is not None:
            run = self.run

            def run_as_owner():
                with context.as_tenant(owner):
                    run()

            self.run = run_as_owner
        return original(self)

    return start


def _submit(original):
    def submit(self, fn, /, *args, **kwargs):
        owner = context.snapshot()

        def as_owner(*args, **kwargs):
            token = context.enter(owner)
            try:
                return fn(*args, **kwargs)
            finally:
                context.leave(token)

        # A pool's threads outlive the task: started here, they must not keep its user.
        token = context.enter(None)
        try:
            return original(self, as_owner, *args, **kwargs)
        finally:
            context.leave(token)

    return submit
