"""Restarts ComfyUI's worker thread, which runs all prompts, when it dies, and reports its state."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from . import context
from .comfyui import Function

# Between two restarts, so that a worker that fails at once does not flood the log.
PAUSE_SECONDS = 1.0
_NAMES = ("prompt_worker",)


class Worker:
    """Recognizes the worker thread by its function and restarts it."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep):
        self.restarts = 0
        self._thread: threading.Thread | None = None
        self._sleep = sleep
        self._end_running: Callable[[BaseException], None] = lambda error: None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def on_death(self, end_running: Callable[[BaseException], None]) -> None:
        """@param end_running marks what was running as failed"""
        self._end_running = end_running

    def adopt(self, thread: threading.Thread) -> None:
        """Supervises a thread that is about to start, if it is the worker."""
        target = getattr(thread, "_target", None)
        if target is not None and getattr(target, "__name__", None) in _NAMES:
            thread._target = self._restarting(target)  # type: ignore[attr-defined]
            self._thread = thread

    def seen(self) -> None:
        """Called by the thread that takes prompts from the queue, to find a worker whose function has another name."""
        if self._thread is not threading.current_thread() and not self.alive:
            self._thread = threading.current_thread()

    def _restarting(self, target: Function) -> Function:
        """ComfyUI stops running prompts when its worker dies. Changed: it is restarted. ComfyUI 0.3.75 and newer."""

        @functools.wraps(target)
        def work(*args: Any, **kwargs: Any) -> Any:
            while True:
                try:
                    return target(*args, **kwargs)
                except Exception as error:
                    context.enter(None)
                    self.restarts += 1
                    logging.error("comfy-tenant: ComfyUI's worker died; restarting it", exc_info=error)
                    self._end_running(error)
                self._sleep(PAUSE_SECONDS)

        return work
