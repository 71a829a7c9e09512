"""Threads that stay confined to one user between short calls, such as the validation of a prompt.

Confining a thread costs more than such a call. Idle threads end after a while.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

# Context, work, and the future for its result.
_Job = tuple[contextvars.Context, Callable[[], Awaitable[Any]], "Future[Any]"]
IDLE_SECONDS = 10.0
# Per user. A call may never return, for example if the user replaced a file with a pipe.
MOST_BUSY = 64


class TooManyCalls(Exception):
    """The user has reached the limit of concurrent calls."""


class ConfinedWorker:
    """One thread with its own event loop. `rules` identifies what it was confined to."""

    def __init__(self, enter: Callable[[], None], rules: object, ended: Callable[[ConfinedWorker], None]):
        self.rules = rules
        self._enter, self._ended = enter, ended
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, daemon=True, name="comfy-tenant worker")

    def submit(self, job: _Job) -> None:
        self._jobs.put(job)

    def retire(self) -> None:
        self._jobs.put(None)

    def _run(self) -> None:
        loop, entered = asyncio.new_event_loop(), False
        try:
            while (job := self._next()) is not None:
                try:
                    if not entered:
                        self._enter()
                        entered = True
                    found = _await_on(loop, job[0], job[1])
                except BaseException as error:  # noqa: B036 - raised by the future
                    job[2].set_exception(error)
                else:
                    job[2].set_result(found)
                if not entered:
                    # The thread could not be confined, so it must not run any job.
                    return
                del job
        finally:
            self._ended(self)
            loop.close()

    def _next(self) -> _Job | None:
        try:
            return self._jobs.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            self._ended(self)
        try:
            # Submitted just before this thread was removed from the idle ones.
            return self._jobs.get_nowait()
        except queue.Empty:
            return None


def _await_on(loop: asyncio.AbstractEventLoop, context: contextvars.Context, work: Callable[[], Awaitable[Any]]) -> object:
    async def awaited() -> object:
        return await work()

    try:
        return loop.run_until_complete(context.run(loop.create_task, awaited()))
    finally:
        # As asyncio.run does: no task outlives the call.
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


class ConfinedWorkers:
    """The idle workers of each user."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, list[ConfinedWorker]] = {}
        self._busy: Counter[str] = Counter()

    def call(self, directory: str, rules: object, enter: Callable[[], None], work: Callable[[], Awaitable[Any]]) -> Future[Any]:
        """Awaits `work` in a thread confined to these rules, in a copy of the caller's context. @raises TooManyCalls"""
        done: Future[Any] = Future()
        # The caller may stop waiting; the work continues and its result is still set.
        done.set_running_or_notify_cancel()
        worker = self._take(directory, rules)
        if worker is None:
            worker = ConfinedWorker(enter, rules, lambda ended: self._forget(directory, ended))
            # Without a user: each job brings its own context.
            contextvars.Context().run(worker.thread.start)
        # The worker becomes idle before the caller gets the result, so that its next call can use it.
        answer: Future[Any] = Future()
        answer.add_done_callback(lambda answered: self._finish(directory, worker, answered, done))
        worker.submit((contextvars.copy_context(), work, answer))
        return done

    def _finish(self, directory: str, worker: ConfinedWorker, answered: Future[Any], done: Future[Any]) -> None:
        with self._lock:
            self._idle.setdefault(directory, []).append(worker)
            self._busy[directory] -= 1
            if not self._busy[directory]:
                del self._busy[directory]
        error = answered.exception()
        if error is None:
            done.set_result(answered.result())
        else:
            done.set_exception(error)

    def _take(self, directory: str, rules: object) -> ConfinedWorker | None:
        with self._lock:
            if self._busy[directory] >= MOST_BUSY:
                raise TooManyCalls
            self._busy[directory] += 1
            idle = self._idle.get(directory, [])
            while idle:
                worker = idle.pop()
                if worker.rules == rules:
                    return worker
                worker.retire()
            return None

    def _forget(self, directory: str, worker: ConfinedWorker) -> None:
        with self._lock:
            idle = self._idle.get(directory)
            if idle is not None and worker in idle:
                idle.remove(worker)
            if not idle:
                self._idle.pop(directory, None)
