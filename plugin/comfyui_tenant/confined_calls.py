"""Node code that ComfyUI runs in the server's own thread is confined: validation, lists of nodes, handlers of prompts."""

from __future__ import annotations

from . import context
from .hooks import Hook, wrap
from .sandbox import Sandbox

HOOKS = (
    Hook("execution", "validate_prompt", ("prompt_id", "prompt", "partial_execution_list")),
    Hook("server", "PromptServer.trigger_on_prompt", ("self", "json_data")),
)


def install(sandbox: Sandbox) -> None:
    import execution
    from server import PromptServer

    wrap(execution, "validate_prompt", lambda original: _validated(original, sandbox))
    wrap(PromptServer, "trigger_on_prompt", lambda original: _triggered(original, sandbox))


def _validated(original, sandbox: Sandbox):
    async def validate_prompt(*args, **kwargs):
        tenant = context.current()
        if tenant is None:
            raise PermissionError("a prompt is validated without a user")
        return await sandbox.call(tenant, lambda: original(*args, **kwargs))

    return validate_prompt


def _triggered(original, sandbox: Sandbox):
    def trigger_on_prompt(self, json_data):
        tenant = context.current()
        if not self.on_prompt_handlers:
            return json_data
        if tenant is None:
            raise PermissionError("a prompt is handled without a user")
        # As in any ComfyUI, the server waits for it.
        return sandbox.run(tenant, lambda: original(self, json_data)).result()

    return trigger_on_prompt
