"""Threads belong to the user whose code starts them, and are in the same sandbox.

Python copies the context into asyncio tasks by itself, but not into threads. Pools are in pools.py.
"""

import _thread
import threading

from . import confinement, context
from .hooks import Hook, wrap

HOOKS = (Hook("threading", "Thread.start", ("self",)),)


def install() -> None:
    wrap(threading.Thread, "start", _start)
    for name in ("start_new_thread", "start_new"):
        if hasattr(_thread, name):
            wrap(_thread, name, _start_new_thread)


def _start(original):
    def start(self):
        owner, directory = context.snapshot(), confinement.confined_as()
        if owner is not None or directory is not None:
            run = self.run

            def run_as_owner():
                confinement.mark(directory)
                with context.as_tenant(owner):
                    run()

            self.run = run_as_owner
        return original(self)

    return start


def _start_new_thread(original):
    def start_new_thread(function, args, kwargs=None):
        owner, directory = context.snapshot(), confinement.confined_as()

        def run():
            confinement.mark(directory)
            with context.as_tenant(owner):
                function(*args, **(kwargs or {}))

        return original(run, ())

    return start_new_thread
