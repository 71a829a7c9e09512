"""Interrupts reach only the prompt of the user who asks; an operator may interrupt any prompt by its id."""

from __future__ import annotations

from contextvars import ContextVar

from . import context
from .comfyui import Function, PromptQueue
from .hooks import Hook, wrap
from .ownership import owner
from .run_limits import INTERRUPTED, RunLimits

HOOKS = (Hook("nodes", "interrupt_processing", ("value",)),)
# Set while an operator interrupts a prompt by its id; without an id, operators also interrupt only their own.
interrupt_by_id: ContextVar[bool] = ContextVar("comfy_tenant_interrupt_by_id", default=False)


def install(queue: PromptQueue, limits: RunLimits) -> None:
    import nodes

    wrap(nodes, "interrupt_processing", lambda original: _interrupt_processing(original, queue, limits))


def _interrupt_processing(original: Function, queue: PromptQueue, limits: RunLimits) -> Function:
    """ComfyUI interrupts whatever runs. Changed: only if it is the caller's prompt. ComfyUI 0.3.75 and newer."""

    def interrupt_processing(value: bool = True) -> None:
        tenant = context.current()
        # The lock keeps the worker from starting another user's prompt between the check and the interrupt.
        with queue.mutex:
            running = [owner(item) for item in queue.currently_running.values()]
            if tenant is None or tenant.directory in running or (tenant.operator and interrupt_by_id.get()):
                original(value)
                if value and limits.current is not None:
                    limits.current.stop(INTERRUPTED)

    return interrupt_processing
