"""ComfyUI's worker thread, which runs everyone's prompts: what ends it starts it again, and its state can be asked for."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable

from . import context

# Between two starts, so that a worker that cannot start does not fill the log.
PAUSE_SECONDS = 1.0
_NAMES = ("prompt_worker",)


class Worker:
    """Knows the worker by its function and keeps it going."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep):
        self.restarts = 0
        self._thread: threading.Thread | None = None
        self._sleep = sleep
        self._end_running: Callable[[BaseException], None] = lambda error: None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def on_death(self, end_running: Callable[[BaseException], None]) -> None:
        """@param end_running ends what was running when the worker ended"""
        self._end_running = end_running

    def adopt(self, thread: threading.Thread) -> None:
        """Takes a thread under its care if it is the worker, before it starts."""
        target = getattr(thread, "_target", None)
        if getattr(target, "__name__", None) in _NAMES:
            thread._target = self._kept_going(target)
            self._thread = thread

    def seen(self) -> None:
        """The running thread takes prompts from the queue. For a worker whose function is not known."""
        if self._thread is not threading.current_thread() and not self.alive:
            self._thread = threading.current_thread()

    def _kept_going(self, target: Callable) -> Callable:
        @functools.wraps(target)
        def work(*args, **kwargs):
            while True:
                try:
                    return target(*args, **kwargs)
                except Exception as error:
                    context.enter(None)
                    self.restarts += 1
                    logging.error("comfy-tenant: ComfyUI's worker ended and is started again", exc_info=error)
                    self._end_running(error)
                self._sleep(PAUSE_SECONDS)

        return work
