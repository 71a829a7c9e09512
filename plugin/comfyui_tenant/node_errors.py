"""Adds denied file accesses to the errors of nodes, also if a C library or a program was denied."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from typing import Any

from . import context
from .comfyui import Function, Graph, Json, PromptExecutor
from .denials import WRITABLE, Denials
from .hooks import Hook, wrap

HOOKS = (
    Hook(
        "execution",
        "PromptExecutor.handle_execution_error",
        ("self", "prompt_id", "prompt", "current_outputs", "executed", "error", "ex"),
    ),
)
_REFUSED = re.compile(r"permission denied|errno 13\b", re.IGNORECASE)
_PATH_IN_TEXT = re.compile(r"(?<![\w/.])/[^\s'\":;,]+")


def install(denials: Denials) -> None:
    import execution

    wrap(execution.PromptExecutor, "handle_execution_error", lambda original: _explained(original, denials))


def _explained(original: Function, denials: Denials) -> Function:
    """ComfyUI reports the error of a node. Changed: names what the sandbox denied, also to libraries that open files.
    ComfyUI 0.3.75 and newer.
    """

    def handle_execution_error(
        self: PromptExecutor,
        prompt_id: str,
        prompt: Graph,
        current_outputs: Any,
        executed: Any,
        error: Json,
        ex: BaseException,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        message = str(error.get("exception_message", ""))
        if context.current() is not None and "comfy-tenant:" not in message:
            inputs = prompt.get(str(error.get("node_id")), {}).get("inputs", {})
            denied = list(_denied(ex, message, inputs, denials))
            if denied:
                error = {**error, "exception_message": "\n".join([message.rstrip(), *denied])}
        return original(self, prompt_id, prompt, current_outputs, executed, error, ex, *args, **kwargs)

    return handle_execution_error


def _denied(ex: BaseException, message: str, inputs: Json, denials: Denials) -> Iterator[str]:
    """An explanation for each denied path that is named by the error, its message or the node's inputs."""
    refused = getattr(ex, "errno", None) == errno.EACCES or _REFUSED.search(message)
    named = [path for path in (getattr(ex, "filename", None),) if refused and isinstance(path, str)]
    if refused:
        named += _PATH_IN_TEXT.findall(message)
    for path in dict.fromkeys((*named, *_paths_of(inputs.values()))):
        setting = denials.of(path, write=False) or (denials.of(path, write=True) if refused and path in named else None)
        if setting is not None:
            denials.report(path, setting)
            yield denials.explanation(path, setting, certain=setting == WRITABLE)


def _paths_of(values: Iterable[object]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and value.startswith("/") and "\n" not in value)
