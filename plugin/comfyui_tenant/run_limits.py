"""How the worker waits for a prompt: until it ends, or has been asked to end and does not."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from . import context
from .context import Tenant
from .hooks import Hook, wrap
from .prompt_thread import Interrupted, PromptThread
from .run import Run

HOOKS = (
    Hook("comfy.model_management", "throw_exception_if_processing_interrupted", ()),
    Hook("comfy.model_management", "processing_interrupted", ()),
    Hook("comfy.model_management", "interrupt_current_processing", ("value",)),
    Hook("execution", "PromptQueue.set_flag", ("self", "name", "data")),
)
TIME_IS_UP = "time is up"
INTERRUPTED = "interrupted"
# From the first use of force until a prompt is given up, and between two uses.
FORCE_SECONDS = 5.0
AGAIN_SECONDS = 0.25
# How often what is left of prompts that were given up is ended again.
LEFT_SECONDS = 1.0


class RunLimits:
    """Watches the prompt that runs. Asked to end, it gets ComfyUI's interrupt, then force; at last it is given up."""

    def __init__(self, max_seconds: float | None, grace_seconds: float, clock: Callable[[], float] = time.monotonic):
        self.current: Run | None = None
        self.given_up: list[Run] = []
        self.times_given_up = 0
        self._max_seconds, self._grace_seconds = max_seconds, grace_seconds
        self._clock = clock
        self._lock = threading.Lock()

    def begin(self, tenant: Tenant, prompt_id: str) -> Tenant:
        self.current = Run(prompt_id, self._clock)
        return Tenant(tenant.user_id, tenant.directory, tenant.operator, self.current)

    def running_seconds(self) -> float | None:
        run = self.current
        return None if run is None else self._clock() - run.started

    def watch(self, running: PromptThread) -> bool:
        """Whether the prompt has ended by itself or by force; else it is given up."""
        run = running.tenant.run
        run.on_stop(running.wake)
        try:
            while not running.wait(self._seconds_to_next_step(run)):
                if self._next_step(run) == "give up":
                    self._give_up(run)
                    return False
            return True
        finally:
            self.current = None
            if run.forced:
                self._free_memory()

    def explain(self, running: PromptThread) -> BaseException | None:
        """What the user is told of a prompt's end that ComfyUI does not tell by itself."""
        run, error = running.tenant.run, running.error
        if run.reason == TIME_IS_UP:
            return TimeoutError(f"stopped: one prompt may run for {self._max_seconds:g} s")
        if run.reason == INTERRUPTED and (run.given_up or error is not None):
            return Interrupted()
        return error

    def _seconds_to_next_step(self, run: Run) -> float | None:
        now = self._clock()
        if run.stopped_at is None:
            return None if self._max_seconds is None else max(0.0, run.started + self._max_seconds - now)
        if not run.forced:
            return max(0.0, run.stopped_at + self._grace_seconds - now)
        return AGAIN_SECONDS

    def _next_step(self, run: Run) -> str | None:
        now = self._clock()
        if run.stopped_at is None:
            if self._max_seconds is not None and now >= run.started + self._max_seconds:
                logging.warning("comfy-tenant: prompt %s has run for %g s and is interrupted", run.prompt_id, self._max_seconds)
                _interrupt()
                run.stop(TIME_IS_UP)
        elif now >= run.stopped_at + self._grace_seconds:
            if not run.forced:
                logging.warning("comfy-tenant: prompt %s does not end: its threads and processes are ended", run.prompt_id)
                run.forced = True
            if now >= run.stopped_at + self._grace_seconds + FORCE_SECONDS:
                return "give up"
            # In this order: what waits for a process goes on when that is killed, and must find that it has been ended.
            run.end_threads()
            run.end_processes()
        return None

    def _give_up(self, run: Run) -> None:
        logging.error("comfy-tenant: prompt %s cannot be ended and is given up; its thread stays", run.prompt_id)
        run.given_up = True
        with self._lock:
            self.times_given_up += 1
            self.given_up.append(run)
            if len(self.given_up) == 1:
                token = context.enter(None)
                threading.Thread(target=self._end_what_is_left, name="prompts given up", daemon=True).start()
                context.leave(token)

    def _end_what_is_left(self) -> None:
        while True:
            with self._lock:
                self.given_up = [run for run in self.given_up if run.has_threads]
                left = list(self.given_up)
                if not left:
                    return
            for run in left:
                run.end_threads()
                run.end_processes()
            time.sleep(LEFT_SECONDS)

    def _free_memory(self) -> None:
        # Code that was ended anywhere may have left a model half changed: the next user gets a fresh one.
        from server import PromptServer

        PromptServer.instance.prompt_queue.set_flag("free_memory", True)


def _interrupt() -> None:
    import comfy.model_management

    comfy.model_management.interrupt_current_processing(True)


def install() -> None:
    """The interrupt that a prompt sees is its own, not that of the one which runs after it was given up."""
    import comfy.model_management as management

    def throwing(original):
        def throw_exception_if_processing_interrupted():
            run = context.current_run()
            if run is not None and run.forced:
                raise management.InterruptProcessingException
            return original()

        return throw_exception_if_processing_interrupted

    def asking(original):
        def processing_interrupted():
            run = context.current_run()
            return True if run is not None and run.forced else original()

        return processing_interrupted

    def setting(original):
        def interrupt_current_processing(value=True):
            run = context.current_run()
            # What was given up says nothing any more, and a start does not take back the wish to end.
            if run is None or not (run.given_up or (value is False and run.stopped_at is not None)):
                original(value)

        return interrupt_current_processing

    wrap(management, "throw_exception_if_processing_interrupted", throwing)
    wrap(management, "processing_interrupted", asking)
    wrap(management, "interrupt_current_processing", setting)
