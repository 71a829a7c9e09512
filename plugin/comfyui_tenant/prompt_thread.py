"""Runs each prompt in its own thread, which the worker waits for and can abandon.

ComfyUI runs prompts in its only worker thread: a prompt that never returns blocks all users, and an escaping exception ends the
worker. Here the worker only waits. An abandoned prompt keeps its thread but nothing that is still in use: it works on a copy of
the executor, and the original's caches are replaced.
"""

from __future__ import annotations

import contextvars
import copy
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from . import context
from .comfyui import Function, Graph
from .comfyui import PromptExecutor as Executor
from .context import Tenant
from .hooks import Hook, wrap
from .threads import working_for

HOOKS = (
    Hook("execution", "PromptExecutor.execute", ("self", "prompt", "prompt_id", "extra_data", "execute_outputs")),
    Hook("execution", "PromptExecutor.reset", ("self",)),
    Hook("execution", "PromptExecutor.add_message", ("self", "event", "data", "broadcast")),
)
# The accelerators of torch whose current device and stream are per thread.
_ACCELERATORS = ("cuda", "xpu")


class PromptThread:
    """Runs `work` for a user in a new thread with the caller's context, after calling `enter` in it."""

    def __init__(self, tenant: Tenant, work: Callable[[], None], enter: Callable[[Tenant], None]):
        self.tenant = tenant
        self.error: BaseException | None = None
        self.ended = False
        self._changed = threading.Condition()
        self._work, self._enter = work, enter
        self._devices = _current_devices()
        self._context = contextvars.copy_context()
        self.thread = threading.Thread(target=self._run, name=f"prompt of {tenant.directory}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def _run(self) -> None:
        try:
            self._context.run(self._run_in_context)
        except BaseException as error:  # noqa: B036 - reported by the worker
            self.error = error
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _run_in_context(self) -> None:
        with working_for(self.tenant):
            self._enter(self.tenant)
            for module, device, stream in self._devices:
                module.set_device(device)
                module.set_stream(stream)
            self._work()

    def wake(self) -> None:
        """Ends a `wait` early."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float | None) -> bool:
        """Waits for the thread for at most this long, or until `wake`. Returns whether it has ended."""
        with self._changed:
            if not self.ended:
                self._changed.wait(seconds)
            return self.ended


class Watch(Protocol):
    """Waits until a prompt's thread has ended (True) or was abandoned (False)."""

    def __call__(self, running: PromptThread, /) -> bool: ...


def wait_forever(running: PromptThread) -> bool:
    while not running.wait(None):
        pass
    return True


def install(
    enter: Callable[[Tenant], None],
    watch: Watch = wait_forever,
    explain: Callable[[PromptThread], BaseException | None] = lambda running: running.error,
    begin: Callable[[Tenant, str], Tenant] = lambda tenant, _prompt_id: tenant,
) -> None:
    """Runs each prompt in its own thread.

    @param enter called first in each prompt's thread; if it raises, none of the prompt's code runs
    @param watch how the worker waits
    @param explain the error to report for a prompt, besides the errors of its nodes
    @param begin returns the user with the new run
    """
    from execution import PromptExecutor

    def make(original: Function) -> Function:
        """ComfyUI executes a prompt in the worker thread. Changed: in its own thread. ComfyUI 0.3.75 and newer."""

        def execute(executor: Executor, prompt: Graph, prompt_id: str, *args: Any, **kwargs: Any) -> None:
            tenant = context.current()
            if tenant is None:
                _fail(executor, prompt_id, PermissionError("a prompt is running without a user"))
                return
            # An abandoned prompt must not write to the executor that the worker keeps using.
            own = copy.copy(executor)
            own.history_result = {"outputs": {}, "meta": {}}
            own.success, own.status_messages = True, []
            running = PromptThread(begin(tenant, prompt_id), lambda: original(own, prompt, prompt_id, *args, **kwargs), enter)
            running.start()
            if watch(running):
                executor.__dict__.update(own.__dict__)
            else:
                own.server = _DISCONNECTED
                executor.reset()
            error = explain(running)
            if error is not None:
                _fail(executor, prompt_id, error)

        return execute

    wrap(PromptExecutor, "execute", make)


class _Disconnected:
    """Replaces ComfyUI's server for an abandoned prompt: its events go nowhere."""

    client_id = last_node_id = last_prompt_id = None

    def send_sync(self, *_args: object) -> None:
        pass


_DISCONNECTED = _Disconnected()


class Interrupted(Exception):
    """The prompt was interrupted by its user or an operator."""


def _fail(executor: Executor, prompt_id: str, error: BaseException) -> None:
    """Ends a prompt as ComfyUI does after an error in a node."""
    executor.success = False
    executor.history_result = {"outputs": {}, "meta": {}}
    if isinstance(error, Interrupted):
        details = {"prompt_id": prompt_id, "node_id": None, "node_type": None, "executed": list[str]()}
        executor.add_message("execution_interrupted", details, broadcast=True)
        return
    logging.error("comfy-tenant: prompt %s failed outside its nodes", prompt_id, exc_info=error)
    executor.add_message(
        "execution_error",
        {
            "prompt_id": prompt_id,
            "node_id": None,
            "node_type": None,
            "executed": [],
            "exception_message": str(error),
            "exception_type": type(error).__name__,
            "traceback": traceback.format_tb(error.__traceback__),
            "current_inputs": {},
            "current_outputs": [],
        },
        broadcast=False,
    )


def _current_devices() -> list[tuple[Any, Any, Any]]:
    torch = sys.modules.get("torch")
    modules = [getattr(torch, name, None) for name in _ACCELERATORS]
    return [
        (module, module.current_device(), module.current_stream())
        for module in modules
        if module is not None and module.is_available() is True and module.is_initialized() is True
    ]
