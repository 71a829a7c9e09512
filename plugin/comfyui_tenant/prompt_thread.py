"""Each prompt runs in a thread of its own, which the worker waits for and can give up.

ComfyUI runs prompts in its only worker thread: a prompt that never returns blocks everyone, and what escapes it ends the
worker. Here the worker only waits. A prompt that is given up keeps its thread, and nothing that is still in use: it works on
a copy of the executor, whose caches are replaced.
"""

from __future__ import annotations

import contextvars
import copy
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Protocol

from . import context
from .context import Tenant
from .hooks import Hook, wrap
from .threads import working_for

HOOKS = (
    Hook("execution", "PromptExecutor.execute", ("self", "prompt", "prompt_id", "extra_data", "execute_outputs")),
    Hook("execution", "PromptExecutor.reset", ("self",)),
    Hook("execution", "PromptExecutor.add_message", ("self", "event", "data", "broadcast")),
)
# Of torch's accelerators, those whose current device and stream belong to a thread.
_ACCELERATORS = ("cuda", "xpu")


class PromptThread:
    """Runs `work` for a user in a new thread with the caller's context; `enter` is called first in it."""

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
        except BaseException as error:  # noqa: B036 - handed to whoever waits
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
        """Whether the thread has ended, after this long at most, or at a `wake`."""
        with self._changed:
            if not self.ended:
                self._changed.wait(seconds)
            return self.ended


class Watch(Protocol):
    """Waits until a prompt's thread has ended (True), or is given up (False)."""

    def __call__(self, running: PromptThread, /) -> bool: ...


def wait_for_ever(running: PromptThread) -> bool:
    while not running.wait(None):
        pass
    return True


def install(
    enter: Callable[[Tenant], None],
    watch: Watch = wait_for_ever,
    explain: Callable[[PromptThread], BaseException | None] = lambda running: running.error,
    begin: Callable[[Tenant, str], Tenant] = lambda tenant, _prompt_id: tenant,
) -> None:
    """Runs prompts in threads of their own.

    @param enter called first in the thread of each prompt; what it raises ends the prompt before anything of it runs
    @param watch how the worker waits
    @param explain what a prompt is said to have failed of, beside what its nodes have failed of
    @param begin the user as the prompt's thread sees them
    """
    from execution import PromptExecutor

    def make(original):
        def execute(executor, prompt, prompt_id, *args, **kwargs):
            tenant = context.current()
            if tenant is None:
                _fail(executor, prompt_id, PermissionError("a prompt runs without a user"))
                return
            # A prompt that is given up must not write into what the worker goes on with.
            own = copy.copy(executor)
            own.history_result = {"outputs": {}, "meta": {}}
            own.success, own.status_messages = True, []
            running = PromptThread(begin(tenant, prompt_id), lambda: original(own, prompt, prompt_id, *args, **kwargs), enter)
            running.start()
            if watch(running):
                executor.__dict__.update(own.__dict__)
            else:
                own.server = _NOBODY
                executor.reset()
            told = explain(running)
            if told is not None:
                _fail(executor, prompt_id, told)

        return execute

    wrap(PromptExecutor, "execute", make)


class _Nobody:
    """ComfyUI's server as a prompt sees it that was given up."""

    client_id = last_node_id = last_prompt_id = None

    def send_sync(self, *_args) -> None:
        pass


_NOBODY = _Nobody()


class Interrupted(Exception):
    """The prompt was ended at its user's wish."""


def _fail(executor, prompt_id: str, error: BaseException) -> None:
    """Ends a prompt as ComfyUI ends one of which a node has failed."""
    executor.success = False
    executor.history_result = {"outputs": {}, "meta": {}}
    if isinstance(error, Interrupted):
        told = {"prompt_id": prompt_id, "node_id": None, "node_type": None, "executed": []}
        executor.add_message("execution_interrupted", told, broadcast=True)
        return
    logging.error("comfy-tenant: prompt %s failed outside of its nodes", prompt_id, exc_info=error)
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


def _current_devices() -> list[tuple]:
    torch = sys.modules.get("torch")
    modules = [getattr(torch, name, None) for name in _ACCELERATORS]
    return [
        (module, module.current_device(), module.current_stream())
        for module in modules
        if module is not None and module.is_available() is True and module.is_initialized() is True
    ]
