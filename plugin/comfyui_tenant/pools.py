"""Pools of threads and processes: what confined code hands in runs in a pool of its user's alone.

The kernel binds a pool's threads and processes to the sandbox of whoever started them. In a pool that two users' prompts
share, one would get the other's access. So confined code never reaches a pool that is not its user's.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing.forkserver
import multiprocessing.pool
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import ContextVar

from . import confinement, context
from .hooks import Hook, wrap
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


class _Substitutes:
    """For each shared pool, the pool of each user that takes its place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: weakref.WeakKeyDictionary[object, dict[str, object]] = weakref.WeakKeyDictionary()

    def get(self, pool: object, directory: str, make: Callable[[], object]) -> object:
        with self._lock:
            own = self._of.setdefault(pool, {})
            if directory not in own:
                own[directory] = make()
            return own[directory]

    def take(self, pool: object) -> list[object]:
        with self._lock:
            return list(self._of.pop(pool, {}).values())

    def take_all_of(self, directory: str) -> list[object]:
        with self._lock:
            return [own.pop(directory) for own in self._of.values() if directory in own]


_threads, _processes, _multiprocessing = _Substitutes(), _Substitutes(), _Substitutes()
_fork_servers: dict[str, multiprocessing.forkserver.ForkServer] = {}
_fork_lock = threading.Lock()
# Made by the code below, and so a user's own already.
_own: weakref.WeakKeyDictionary[object, str] = weakref.WeakKeyDictionary()
# What runs the work of a request on the user's files, in the place of the server's pool.
file_work: ContextVar[Callable[[Callable[[], object]], Future] | None] = ContextVar("comfy_tenant_file_work", default=None)


def install() -> None:
    wrap(ThreadPoolExecutor, "submit", _submit_to_threads)
    wrap(ThreadPoolExecutor, "shutdown", _shutdown_of(_threads))
    wrap(ProcessPoolExecutor, "submit", _submit_to_processes)
    wrap(ProcessPoolExecutor, "shutdown", _shutdown_of(_processes))
    wrap(multiprocessing.pool.Pool, "__init__", _remember_arguments)
    for name in _POOL_METHODS:
        wrap(multiprocessing.pool.Pool, name, lambda original, name=name: _through_own_pool(original, name))
    wrap(multiprocessing.forkserver, "connect_to_new_process", _through_own_fork_server)


def end_of_prompt(directory: str) -> None:
    """Ends the processes that stood in for shared pools, once they have done what was handed in."""
    for executor in _processes.take_all_of(directory):
        executor.shutdown(wait=False)
    for pool in _multiprocessing.take_all_of(directory):
        pool.close()
    with _fork_lock:
        server = _fork_servers.pop(directory, None)
    if server is not None:
        with contextlib.suppress(OSError, ChildProcessError):
            server._stop()


def as_its_owner(fn: Callable) -> Callable:
    """The function as a task of the user whose code hands it in."""
    owner = context.snapshot()

    def run(*args, **kwargs):
        with working_for(owner):
            return fn(*args, **kwargs)

    return run


def _submit_to_threads(original):
    def submit(self, fn, /, *args, **kwargs):
        directory = confinement.confined_as()
        task = as_its_owner(fn)
        if directory is not None:
            if self._shutdown:
                raise RuntimeError("cannot schedule new futures after shutdown")

            def make() -> TenantPool:
                return TenantPool(self._max_workers, self._initializer, self._initargs)

            return _threads.get(self, directory, make).submit(lambda: task(*args, **kwargs))
        confined = file_work.get()
        if confined is not None and not isinstance(getattr(fn, "__self__", None), io.IOBase):
            # To close a file needs no confinement.
            return confined(lambda: fn(*args, **kwargs))
        # A pool's threads outlive the task: started here, they must not keep its user.
        token = context.enter(None)
        try:
            return original(self, task, *args, **kwargs)
        finally:
            context.leave(token)

    return submit


def _submit_to_processes(original):
    def submit(self, fn, /, *args, **kwargs):
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


def _shutdown_of(substitutes: _Substitutes):
    def make(original):
        def shutdown(self, wait=True, **kwargs):
            original(self, wait, **kwargs)
            for own in substitutes.take(self):
                own.shutdown(wait, **kwargs)

        return shutdown

    return make


def _remember_arguments(original):
    def __init__(self, *args, **kwargs):
        self._comfy_tenant = (confinement.confined_as(), args, kwargs)
        original(self, *args, **kwargs)

    return __init__


def _through_own_pool(original, name: str):
    def call(self, *args, **kwargs):
        directory = confinement.confined_as()
        made_by, made_with, named = getattr(self, "_comfy_tenant", (None, (), {}))
        if directory is None or directory == made_by:
            return original(self, *args, **kwargs)
        self._check_running()
        own = _multiprocessing.get(self, directory, lambda: type(self)(*made_with, **named))
        return original(own, *args, **kwargs)

    return call


def _through_own_fork_server(original):
    def connect_to_new_process(fds):
        directory = confinement.confined_as()
        if directory is None:
            return original(fds)
        with _fork_lock:
            server = _fork_servers.setdefault(directory, multiprocessing.forkserver.ForkServer())
        return server.connect_to_new_process(fds)

    return connect_to_new_process
