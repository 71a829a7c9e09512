"""A thread pool for one user, which replaces a pool that prompts of several users share."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

# Idle threads end, so that idle pools of many users cost nothing.
IDLE_SECONDS = 5.0


class TenantPool:
    """Its threads are started by the thread that submits a task, and so are in the same sandbox."""

    def __init__(self, workers: int, initializer: Callable[..., Any] | None = None, initargs: tuple[Any, ...] = ()):
        self._workers = workers
        self._initializer, self._initargs = initializer, initargs
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Future[Any], Callable[[], object]]] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def submit(self, work: Callable[[], object]) -> Future[Any]:
        future: Future[Any] = Future()
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

    def _next(self) -> tuple[Future[Any], Callable[[], object]] | None:
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
                    # Removed here, so that a task submitted now starts a new thread.
                    self._threads.discard(threading.current_thread())
                    return None
            return self._waiting.popleft()


def _run(future: Future[Any], work: Callable[[], object]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        found = work()
    except BaseException as error:  # noqa: B036 - raised by the future
        future.set_exception(error)
    else:
        future.set_result(found)
