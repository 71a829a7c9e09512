"""Ends pools of processes without waiting for their processes.

Python's own `terminate` waits for the processes, also when the garbage collector calls it. And Python replaces a process that
is killed: the new one waits forever for a lock that the killed one held, and keeps open whatever other threads had open.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from multiprocessing.pool import TERMINATE, Pool
from typing import Any

from . import forks

_lock = forks.new_lock()
# Pools whose processes may be killed.
_pools: weakref.WeakSet[Any] = weakref.WeakSet()
_abandoned: weakref.WeakSet[Any] = weakref.WeakSet()


def add(pool: object) -> None:
    with _lock:
        _pools.add(pool)


def is_usable(pool: object) -> bool:
    """Whether none of the pool's processes was killed."""
    return pool not in _abandoned and not getattr(pool, "_broken", False)


def abandon_pools_of(pids: set[int]) -> list[Any]:
    """Abandons the pools to which these processes belong, and returns them. Call this before killing them, and
    `free_abandoned` afterwards."""
    with _lock:
        found = [pool for pool in _pools if any(getattr(process, "pid", None) in pids for process in list(pool._pool))]
        for pool in found:
            _pools.discard(pool)
            _abandoned.add(pool)
    for pool in found:
        _abandon(pool)
    return found


def free_abandoned(pools: list[Any]) -> None:
    """Wakes threads of pools whose processes were killed while these threads wait for their lock."""
    for pool in pools:
        lock, pool._outqueue._wlock = pool._outqueue._wlock, threading.Lock()
        # ValueError: no one holds it. No process that was sent SIGKILL can take it now. Windows has no lock here.
        with contextlib.suppress(ValueError, AttributeError):
            lock.release()
        handler, writer = pool._task_handler, pool._outqueue._writer
        threading.Thread(target=_close_results, args=(handler, writer), daemon=True, name="comfy-tenant pool end").start()


def _close_results(task_handler: threading.Thread, writer: Any) -> None:
    """Ends the thread that reads results: half a result of a killed process swallows the notice of the end, which the other
    thread writes last."""
    task_handler.join()
    with contextlib.suppress(OSError):
        writer.close()


def _abandon(pool: Any) -> None:
    # Its threads see this when the processes end, and end too.
    for thread in (pool._worker_handler, pool._task_handler, pool._result_handler):
        thread._state = TERMINATE
    pool._terminate.cancel()
    # A thread that still sends a task gets an error when no process is left to read it.
    with contextlib.suppress(OSError, AttributeError):
        pool._inqueue._reader.close()


def close_in_background(pool: Any) -> None:
    """Ends a pool after its submitted tasks."""
    # The thread below holds the only reference; without this, the garbage collector would terminate the pool.
    pool._terminate.cancel()

    def close() -> None:
        Pool.close(pool)
        Pool.join(pool)

    threading.Thread(target=close, daemon=True, name="comfy-tenant pool end").start()
