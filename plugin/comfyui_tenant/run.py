"""A running prompt: its threads and processes, and how they are ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterable

import psutil

from . import forks, pool_endings


class PromptEnded(BaseException):
    """Raised in the threads of a prompt to end it. Not an Exception, so that nodes do not catch it as an error."""


class Run:
    """One run of a prompt. @param clock monotonic seconds"""

    def __init__(self, prompt_id: str, clock: Callable[[], float] = time.monotonic):
        self.prompt_id = prompt_id
        self.started = clock()
        # When and why it was asked to end.
        self.stopped_at: float | None = None
        self.reason: str | None = None
        # Force is being used. From now on this run sees its own interrupt flag, not the one of the next prompt.
        self.forced = False
        # Abandoned: nothing that its threads still do has an effect.
        self.given_up = False
        self._clock = clock
        self._lock = forks.new_lock()
        self._threads: dict[int, int] = {}
        self._processes: list[psutil.Process] = []
        self._on_stop: Callable[[], None] = lambda: None

    def on_stop(self, wake: Callable[[], None]) -> None:
        self._on_stop = wake

    def stop(self, reason: str) -> None:
        """Asks the prompt to end. The first reason is kept."""
        if self.stopped_at is None:
            self.stopped_at, self.reason = self._clock(), reason
            self._on_stop()

    def enter_thread(self) -> None:
        """The calling thread works for this prompt until `leave_thread`."""
        with self._lock:
            self._threads[threading.get_ident()] = threading.get_native_id()

    def leave_thread(self) -> None:
        ident = threading.get_ident()
        while True:
            try:
                with self._lock:
                    self._threads.pop(ident, None)
                    # A pending exception for this prompt must not hit the next task of a pool's thread.
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), None)
                return
            except PromptEnded:
                continue

    def add_process(self, pid: int) -> None:
        try:
            found = psutil.Process(pid)
        except psutil.Error:
            return
        with self._lock:
            self._processes.append(found)

    @property
    def has_threads(self) -> bool:
        return bool(self._threads)

    def end_threads(self) -> None:
        """Raises PromptEnded in each thread, at once or when its current C call returns."""
        with self._lock:
            for ident in self._threads:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(PromptEnded))

    def end_processes(self) -> None:
        """Kills the processes that the prompt started, and their descendants."""
        with self._lock:
            found = set(self._processes)
            for native_id in self._threads.values():
                found |= _children_of_thread(native_id)
        for process in kill(found):
            # Reaps it.
            with contextlib.suppress(OSError, AttributeError):
                os.waitpid(process.pid, os.WNOHANG)


def kill(processes: Iterable[psutil.Process]) -> set[psutil.Process]:
    """Kills processes and their descendants, and returns all of these."""
    found = set(processes)
    for process in list(found):
        with contextlib.suppress(psutil.Error):
            found |= set(process.children(recursive=True))
    abandoned = pool_endings.abandon_pools_of({process.pid for process in found})
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.kill()
    pool_endings.free_abandoned(abandoned)
    return found


def _children_of_thread(native_id: int) -> set[psutil.Process]:
    """On Linux: processes that C libraries started."""
    try:
        with open(f"/proc/self/task/{native_id}/children", encoding="ascii") as file:
            pids = [int(pid) for pid in file.read().split()]
    except OSError:
        return set()
    found = set()
    for pid in pids:
        try:
            found.add(psutil.Process(pid))
        except psutil.Error:
            continue
    return found
