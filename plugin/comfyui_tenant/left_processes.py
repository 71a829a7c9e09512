"""Ends processes that outlive the prompt that started them before another user's prompt starts.

Some libraries, such as joblib, keep processes and reuse them for the next caller. They stay in the sandbox of the user who
started them, so they would do another user's work with that user's access.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import psutil

from . import confinement, forks
from .run import kill

# A call other than a prompt, such as a validation, may still be running for this long.
CALL_SECONDS = 60.0


class LeftProcesses:
    """The processes that confined code has started. @param clock monotonic seconds"""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._lock = forks.new_lock()
        self._clock = clock
        # Process id → the process, its user, and when it may be ended.
        self._started: dict[int, tuple[psutil.Process, str, float]] = {}

    def note(self, pid: int, of_prompt: bool) -> None:
        """Records a process that the calling thread has started."""
        directory = confinement.confined_as()
        if directory is None:
            return
        try:
            process = psutil.Process(pid)
        except psutil.Error:
            return
        now = self._clock()
        with self._lock:
            self._started[pid] = (process, directory, now if of_prompt else now + CALL_SECONDS)

    def end_others(self, directory: str) -> None:
        """Kills the processes that other users' prompts left, and their descendants: a prompt of this user starts."""
        with self._lock:
            now = self._clock()
            ending = [process for process, owner, when in self._started.values() if owner != directory and when <= now]
            gone = [pid for pid, (process, _, _) in self._started.items() if not process.is_running()]
            for pid in (*gone, *(process.pid for process in ending)):
                self._started.pop(pid, None)
        if ending:
            _forget_executors()
            kill(ending)


def _forget_executors() -> None:
    """joblib keeps one executor for all callers, and would notice too late that its processes have ended."""
    for name in ("joblib.externals.loky.reusable_executor", "loky.reusable_executor"):
        module: Any = sys.modules.get(name)
        if getattr(module, "_executor", None) is not None:
            module._executor = None


left = LeftProcesses()
