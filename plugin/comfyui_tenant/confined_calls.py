"""Confines node code that ComfyUI runs in the server's own thread: validation of prompts and prompt handlers."""

from __future__ import annotations

from typing import Any

from . import context
from .comfyui import Function, Json, PromptServer
from .hooks import Hook, wrap
from .sandbox import Sandbox

HOOKS = (
    Hook("execution", "validate_prompt", ("prompt_id", "prompt", "partial_execution_list")),
    Hook("server", "PromptServer.trigger_on_prompt", ("self", "json_data")),
)


def install(sandbox: Sandbox) -> None:
    import execution
    import server

    wrap(execution, "validate_prompt", lambda original: _validated(original, sandbox))
    wrap(server.PromptServer, "trigger_on_prompt", lambda original: _triggered(original, sandbox))


def _validated(original: Function, sandbox: Sandbox) -> Function:
    """ComfyUI validates a prompt in the server's event loop. Changed: in a confined thread. ComfyUI 0.3.75 and newer."""

    async def validate_prompt(*args: Any, **kwargs: Any) -> Any:
        tenant = context.current()
        if tenant is None:
            raise PermissionError("a prompt is being validated without a user")
        return await sandbox.call(tenant, lambda: original(*args, **kwargs))

    return validate_prompt


def _triggered(original: Function, sandbox: Sandbox) -> Function:
    """ComfyUI calls prompt handlers of node packs in the server's event loop. Changed: in a confined thread, which
    the event loop waits for. ComfyUI 0.3.75 and newer.
    """

    def trigger_on_prompt(self: PromptServer, json_data: Json) -> Any:
        tenant = context.current()
        if not self.on_prompt_handlers:
            return json_data
        if tenant is None:
            raise PermissionError("a prompt handler is running without a user")
        return sandbox.run(tenant, lambda: original(self, json_data)).result()

    return trigger_on_prompt
