"""Processes that outlive the prompt that started them: they end before a prompt of another user begins.

Libraries keep processes for whoever asks next, such as joblib's. They stay in the sandbox of the user who started them, so
that work of another user's prompt would be done with that user's access.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import psutil

from . import confinement

# Of a call that is no prompt, such as a validation: it may still be going on.
CALL_SECONDS = 60.0


class LeftProcesses:
    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._lock = threading.Lock()
        self._clock = clock
        # By number: the process, its user, and when it may be ended.
        self._started: dict[int, tuple[psutil.Process, str, float]] = {}

    def note(self, pid: int, of_prompt: bool) -> None:
        """The calling thread has started a process."""
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
        """A prompt of this user begins: what prompts of other users have left is killed, and what that has started."""
        with self._lock:
            now = self._clock()
            ending = [process for process, owner, when in self._started.values() if owner != directory and when <= now]
            gone = [pid for pid, (process, _, _) in self._started.items() if not process.is_running()]
            for pid in (*gone, *(process.pid for process in ending)):
                self._started.pop(pid, None)
        if ending:
            _forget_executors()
        for process in ending:
            _kill(process)


def _forget_executors() -> None:
    """joblib keeps one for all; of the one whose processes end, it would find out too late."""
    for name in ("joblib.externals.loky.reusable_executor", "loky.reusable_executor"):
        module = sys.modules.get(name)
        if getattr(module, "_executor", None) is not None:
            module._executor = None


def _kill(process: psutil.Process) -> None:
    try:
        found = [process, *process.children(recursive=True)]
    except psutil.Error:
        return
    for one in found:
        try:
            one.kill()
        except psutil.Error:
            continue


left = LeftProcesses()
