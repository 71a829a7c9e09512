"""Hides the server's folders in the list of nodes and in the errors of prompts."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from .comfyui import Function, Json
from .hooks import wrap
from .server_paths import ServerPaths


def install(paths: ServerPaths) -> None:
    import execution

    wrap(execution.PromptExecutor, "handle_execution_error", lambda original: _hidden(original, paths))


def _hidden(original: Function, paths: ServerPaths) -> Function:
    """ComfyUI sends the error of a node to its user, and stores it. Changed: without the server's folders, except in the
    plugin's own lines, which name what the operator can allow. ComfyUI 0.3.75 and newer.
    """

    def handle_execution_error(
        self: Any, prompt_id: Any, prompt: Any, current_outputs: Any, executed: Any, error: Json, *args: Any, **kwargs: Any
    ) -> Any:
        lines = str(error.get("exception_message", "")).split("\n")
        message = "\n".join(line if line.startswith("comfy-tenant:") else paths.hide(line) for line in lines)
        hidden = {**error, "exception_message": message, "traceback": paths.hide_in(error.get("traceback"))}
        return original(self, prompt_id, prompt, current_outputs, executed, hidden, *args, **kwargs)

    return handle_execution_error


def without_paths(response: web.StreamResponse, paths: ServerPaths) -> web.StreamResponse:
    """The response of `/object_info` without the server's folders. The choices of an input are unchanged: prompts name them."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    text = response.body.decode("utf-8", "surrogateescape")
    # Nearly always: it has several megabytes, and is read only if necessary.
    if not paths.has_shared(text):
        return response
    nodes = json.loads(text)
    for node in nodes.values():
        _hide_in_node(node, paths)
    response.body = json.dumps(nodes).encode()
    return response


def _hide_in_node(node: Any, paths: ServerPaths) -> None:
    for name in ("description", "python_module", "category"):
        if isinstance(node.get(name), str):
            node[name] = paths.hide_shared(node[name])
    for group in (node.get("input") or {}).values():
        for spec in group.values() if isinstance(group, dict) else ():
            _hide_in_options(spec, paths)


def _hide_in_options(spec: Any, paths: ServerPaths) -> None:
    if not isinstance(spec, list) or len(spec) < 2 or not isinstance(spec[1], dict):
        return
    options = spec[1]
    choices = [*(spec[0] if isinstance(spec[0], list) else ()), *(options.get("options") or ())]
    for name, value in options.items():
        if name != "options" and isinstance(value, str) and value not in choices:
            options[name] = paths.hide_shared(value)
