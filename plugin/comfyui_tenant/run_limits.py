"""How the worker waits for a prompt: until it ends, or does not end although it was asked to."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from . import context
from .comfyui import Function
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
# From the first use of force until a prompt is abandoned, and between two uses.
FORCE_SECONDS = 5.0
AGAIN_SECONDS = 0.25
# How often the remains of abandoned prompts are ended again.
LEFT_SECONDS = 1.0


class RunLimits:
    """Watches the running prompt. To end it: ComfyUI's interrupt, then force; if both fail, the prompt is abandoned."""

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
        """True if the prompt ended by itself or by force; False if it was abandoned."""
        run = _run_of(running)
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
        """The error to report for the end of a prompt, if ComfyUI does not report it itself."""
        run, error = _run_of(running), running.error
        if run.reason == TIME_IS_UP:
            return TimeoutError(f"stopped: a prompt may run for at most {self._max_seconds:g} s")
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
                logging.warning("comfy-tenant: interrupting prompt %s after %g s", run.prompt_id, self._max_seconds)
                _interrupt()
                run.stop(TIME_IS_UP)
        elif now >= run.stopped_at + self._grace_seconds:
            if not run.forced:
                logging.warning(
                    "comfy-tenant: prompt %s ignores the interrupt; ending its threads and processes", run.prompt_id
                )
                run.forced = True
            if now >= run.stopped_at + self._grace_seconds + FORCE_SECONDS:
                return "give up"
            # In this order: a thread that waits for a process resumes when that is killed, and must then get the exception.
            run.end_threads()
            run.end_processes()
        return None

    def _give_up(self, run: Run) -> None:
        logging.error("comfy-tenant: prompt %s cannot be ended; abandoning it and its thread", run.prompt_id)
        run.given_up = True
        with self._lock:
            self.times_given_up += 1
            self.given_up.append(run)
            if len(self.given_up) == 1:
                token = context.enter(None)
                threading.Thread(target=self._end_what_is_left, name="abandoned prompts", daemon=True).start()
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
        # The ended code may have left a model half changed: unload it for the next user.
        from server import PromptServer

        PromptServer.instance.prompt_queue.set_flag("free_memory", True)


def _interrupt() -> None:
    import comfy.model_management

    comfy.model_management.interrupt_current_processing(True)


def _run_of(running: PromptThread) -> Run:
    run = running.tenant.run
    if run is None:
        raise RuntimeError("a prompt's thread has no run")
    return run


def install() -> None:
    """Gives a prompt that is being ended its own interrupt flag; ComfyUI has one for the whole process."""
    import comfy.model_management as management

    wrap(management, "throw_exception_if_processing_interrupted", _throw_if_interrupted)
    wrap(management, "processing_interrupted", _processing_interrupted)
    wrap(management, "interrupt_current_processing", _interrupt_current_processing)


def _throw_if_interrupted(original: Function) -> Function:
    """ComfyUI raises if the flag is set. Changed: also in a prompt that is ended by force. ComfyUI 0.3.75 and newer."""

    def throw_exception_if_processing_interrupted() -> Any:
        run = context.current_run()
        if run is not None and run.forced:
            import comfy.model_management as management

            raise management.InterruptProcessingException
        return original()

    return throw_exception_if_processing_interrupted


def _processing_interrupted(original: Function) -> Function:
    """ComfyUI returns the flag. Changed: True in a prompt that is ended by force. ComfyUI 0.3.75 and newer."""

    def processing_interrupted() -> Any:
        run = context.current_run()
        return True if run is not None and run.forced else original()

    return processing_interrupted


def _interrupt_current_processing(original: Function) -> Function:
    """ComfyUI sets the flag. Changed: an abandoned prompt cannot, and a prompt that was asked to end cannot clear it.
    ComfyUI 0.3.75 and newer.
    """

    def interrupt_current_processing(value: bool = True) -> None:
        run = context.current_run()
        if run is None or not (run.given_up or (value is False and run.stopped_at is not None)):
            original(value)

    return interrupt_current_processing
