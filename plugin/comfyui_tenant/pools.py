"""Tasks that confined code submits to a shared pool of threads or processes run in a separate pool for its user.

A pool's threads and processes are in the sandbox of the thread that started them. In a pool shared by two users' prompts, one
user's tasks would have the other's access. The wrapped functions are Python's, since 3.10.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing.forkserver
import multiprocessing.pool
import os
import signal
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

from . import confinement, context, forks, pool_endings
from .comfyui import Function
from .hooks import Hook, wrap
from .pool_substitutes import PoolSubstitutes
from .tenant_pool import TenantPool
from .threads import working_for

_POOL_METHODS = ("apply_async", "map", "map_async", "starmap", "starmap_async", "imap", "imap_unordered")
HOOKS = (
    Hook("concurrent.futures", "ThreadPoolExecutor.submit", ("self", "fn")),
    Hook("concurrent.futures", "ThreadPoolExecutor.shutdown", ("self", "wait")),
    Hook("concurrent.futures", "ProcessPoolExecutor.submit", ("self", "fn")),
    Hook("concurrent.futures", "ProcessPoolExecutor.shutdown", ("self", "wait")),
    Hook("multiprocessing.forkserver", "connect_to_new_process", ("fds",)),
    Hook("multiprocessing.pool", "Pool.apply_async", ("self", "func")),
    *(Hook("multiprocessing.pool", f"Pool.{name}", ("self", "func", "iterable")) for name in _POOL_METHODS[1:]),
    Hook("multiprocessing.pool", "Pool._check_running", ("self",)),
)


_threads, _processes, _multiprocessing = PoolSubstitutes(), PoolSubstitutes(), PoolSubstitutes()
_fork_servers: dict[str, multiprocessing.forkserver.ForkServer] = {}
_fork_lock = forks.new_lock()
# Pools created below, which already belong to one user.
_own: weakref.WeakKeyDictionary[object, str] = weakref.WeakKeyDictionary()


def install() -> None:
    wrap(ThreadPoolExecutor, "submit", _submit_to_threads)
    wrap(ThreadPoolExecutor, "shutdown", _shutdown_of(_threads))
    wrap(ProcessPoolExecutor, "submit", _submit_to_processes)
    wrap(ProcessPoolExecutor, "shutdown", _shutdown_of(_processes))
    wrap(multiprocessing.pool.Pool, "__init__", _remember_arguments)
    for name in _POOL_METHODS:
        wrap(multiprocessing.pool.Pool, name, _through_own_pool)
    wrap(multiprocessing.forkserver, "connect_to_new_process", _through_own_fork_server)


def end_of_prompt(directory: str) -> None:
    """Ends the process pools that replaced shared ones, after their submitted tasks."""
    for executor in _processes.take_all_of(directory):
        executor.shutdown(wait=False)
    for pool in _multiprocessing.take_all_of(directory):
        pool_endings.close_in_background(pool)
    with _fork_lock:
        server = _fork_servers.pop(directory, None)
    if server is not None:
        _end_fork_server(server)


def _end_fork_server(server: Any) -> None:
    with contextlib.suppress(OSError):
        if server._forkserver_pid is not None:
            # Python would wait until it ends by itself, which it does not while any process holds a copy of its pipe.
            os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


def as_its_owner(fn: Function) -> Function:
    """The function, run as the user whose code submits it."""
    owner = context.snapshot()

    def run(*args: Any, **kwargs: Any) -> Any:
        with working_for(owner):
            return fn(*args, **kwargs)

    return run


def _submit_to_threads(original: Function) -> Function:
    """Runs a task as the user who submits it, in that user's own pool if the caller is confined."""

    def submit(self: Any, fn: Function, /, *args: Any, **kwargs: Any) -> Any:
        directory = confinement.confined_as()
        task = as_its_owner(fn)
        if directory is not None:
            if self._shutdown:
                raise RuntimeError("cannot schedule new futures after shutdown")

            def make() -> TenantPool:
                return TenantPool(self._max_workers, self._initializer, self._initargs)

            return _threads.get(self, directory, make).submit(lambda: task(*args, **kwargs))
        confined = confinement.file_work.get()
        if confined is not None and not isinstance(getattr(fn, "__self__", None), io.IOBase):
            # Closing a file needs no confinement.
            return confined(lambda: task(*args, **kwargs))
        # Threads of the pool outlive the task. Those started now must not inherit its user.
        token = context.enter(None)
        try:
            return original(self, task, *args, **kwargs)
        finally:
            context.leave(token)

    return submit


def _submit_to_processes(original: Function) -> Function:
    """Runs a task in the user's own pool if the caller is confined."""

    def submit(self: Any, fn: Function, /, *args: Any, **kwargs: Any) -> Any:
        directory = confinement.confined_as()
        if directory is None or _own.get(self) == directory:
            return original(self, fn, *args, **kwargs)
        if self._shutdown_thread:
            raise RuntimeError("cannot schedule new futures after shutdown")

        def make() -> ProcessPoolExecutor:
            made = ProcessPoolExecutor(self._max_workers, self._mp_context, self._initializer, self._initargs)
            _own[made] = directory
            return made

        return original(_processes.get(self, directory, make), fn, *args, **kwargs)

    return submit


def _shutdown_of(substitutes: PoolSubstitutes) -> Callable[[Function], Function]:
    """Also shuts down the pools that replaced this one."""

    def make(original: Function) -> Function:
        def shutdown(self: Any, wait: bool = True, **kwargs: Any) -> None:
            original(self, wait, **kwargs)
            for own in substitutes.take(self):
                own.shutdown(wait, **kwargs)

        return shutdown

    return make


def _remember_arguments(original: Function) -> Function:
    """Keeps a pool's arguments, from which its replacements are created."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        directory = confinement.confined_as()
        self._comfy_tenant = (directory, args, kwargs)
        original(self, *args, **kwargs)
        if directory is not None:
            pool_endings.add(self)

    return __init__


def _through_own_pool(original: Function) -> Function:
    """Calls the method on the user's own pool if the caller is confined."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        directory = confinement.confined_as()
        created_by, created_with, named = getattr(self, "_comfy_tenant", (None, (), {}))
        if directory is None or (directory == created_by and pool_endings.is_usable(self)):
            return original(self, *args, **kwargs)
        self._check_running()
        own = _multiprocessing.get(self, directory, lambda: type(self)(*created_with, **named))
        return original(own, *args, **kwargs)

    return call


def _through_own_fork_server(original: Function) -> Function:
    """Uses a fork server of the user's own if the caller is confined."""

    def connect_to_new_process(fds: Any) -> Any:
        directory = confinement.confined_as()
        if directory is None:
            return original(fds)
        with _fork_lock:
            server = _fork_servers.setdefault(directory, multiprocessing.forkserver.ForkServer())
        return server.connect_to_new_process(fds)

    return connect_to_new_process
