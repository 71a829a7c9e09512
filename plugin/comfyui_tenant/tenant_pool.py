"""A pool of threads of one user's, in the place of a pool that several users' prompts share."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

# Threads end by themselves, so that a pool of each of many users costs nothing when it has nothing to do.
IDLE_SECONDS = 5.0


class TenantPool:
    """Its threads are started by whoever hands in work, and so are in that one's sandbox."""

    def __init__(self, workers: int, initializer: Callable | None = None, initargs: tuple = ()):
        self._workers = workers
        self._initializer, self._initargs = initializer, initargs
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Future, Callable[[], object]]] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def submit(self, work: Callable[[], object]) -> Future:
        future: Future = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._waiting.append((future, work))
            if self._idle >= len(self._waiting):
                self._changed.notify()
                return future
            start = len(self._threads) < self._workers
            if start:
                thread = threading.Thread(target=self._work, daemon=True, name="comfy-tenant pool")
                self._threads.add(thread)
        if start:
            thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._changed:
            self._closed = True
            dropped = [self._waiting.popleft()[0] for _ in range(len(self._waiting))] if cancel_futures else []
            self._changed.notify_all()
            threads = list(self._threads)
        for future in dropped:
            future.cancel()
        if wait:
            for thread in threads:
                with contextlib.suppress(RuntimeError):
                    thread.join()

    def _work(self) -> None:
        try:
            if self._initializer is not None:
                self._initializer(*self._initargs)
            while (taken := self._next()) is not None:
                _run(*taken)
                del taken
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())

    def _next(self) -> tuple[Future, Callable[[], object]] | None:
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return None
                self._idle += 1
                try:
                    woken = self._changed.wait(IDLE_SECONDS)
                finally:
                    self._idle -= 1
                if not woken and not self._waiting:
                    # Taken out here, so that work which comes now starts another thread.
                    self._threads.discard(threading.current_thread())
                    return None
            return self._waiting.popleft()


def _run(future: Future, work: Callable[[], object]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        found = work()
    except BaseException as error:  # noqa: B036 - handed to whoever waits
        future.set_exception(error)
    else:
        future.set_result(found)
