"""The attributes of ComfyUI's objects that the plugin uses, checked at startup as hooks.py checks functions.

Wrapped functions with the expected parameters are not enough: a renamed `history` would leave each user's part empty, and a
queue item with another layout would have no owner.
"""

from __future__ import annotations

import ast
import asyncio
import dis
import importlib
import inspect
from collections.abc import Iterator
from types import CodeType

from aiohttp import web

from .comfyui import PromptServer, QueueItem

SERVER: dict[str, type] = {
    "prompt_queue": object,
    "sockets": dict,
    "messages": asyncio.Queue,
    "loop": asyncio.AbstractEventLoop,
    "app": web.Application,
    "routes": web.RouteTableDef,
    "on_prompt_handlers": list,
}
QUEUE: dict[str, type] = {"mutex": object, "queue": list, "currently_running": dict, "history": dict, "server": object}
# Objects that exist only while a prompt runs: their methods must assign these attributes.
ASSIGNED = {
    ("execution", "PromptExecutor"): {"success", "status_messages", "history_result", "server"},
    ("comfy_execution.caching", "CacheKeySetID"): {"keys", "subcache_keys", "dynprompt"},
    ("comfy_execution.caching", "CacheKeySetInputSignature"): {"keys", "subcache_keys", "dynprompt"},
}


def attribute_mismatches(server: PromptServer) -> list[str]:
    """Every attribute that is missing or has another type, and a queue item with another layout."""
    found = list(_mistyped("server.PromptServer", server, SERVER))
    if not found:
        found += _mistyped("execution.PromptQueue", server.prompt_queue, QUEUE)
    for (module, name), attributes in ASSIGNED.items():
        missing = attributes - set(assigned_by(getattr(importlib.import_module(module), name)))
        found += [f"{module}.{name} has no attribute {attribute}" for attribute in sorted(missing)]
    layout = queue_item_layout(ast.parse(_source(type(server))))
    if layout != QueueItem._fields:
        found.append(f"a queue item is ({', '.join(layout)}), expected ({', '.join(QueueItem._fields)})")
    return found


def _mistyped(title: str, instance: object, attributes: dict[str, type]) -> Iterator[str]:
    for name, kind in attributes.items():
        if not hasattr(instance, name):
            yield f"{title} has no attribute {name}"
        elif not isinstance(getattr(instance, name), kind):
            yield f"{title}.{name} is a {type(getattr(instance, name)).__name__}, expected a {kind.__name__}"


def assigned_by(cls: type) -> Iterator[str]:
    """The attributes that the methods of a class and of its bases assign."""
    for base in cls.__mro__:
        for member in vars(base).values():
            code = getattr(inspect.unwrap(member) if callable(member) else member, "__code__", None)
            if isinstance(code, CodeType):
                yield from (str(step.argval) for step in dis.get_instructions(code) if step.opname == "STORE_ATTR")


def _source(cls: type) -> str:
    try:
        return inspect.getsource(inspect.getmodule(cls) or cls)
    except (OSError, TypeError):
        return ""


def queue_item_layout(module: ast.Module) -> tuple[str, ...]:
    """The variables of the tuple that ComfyUI's server puts into the queue; empty if its source has no such call."""
    for node in ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="put", value=ast.Attribute(attr="prompt_queue")), args=[ast.Tuple(elts=parts)]
            ):
                return tuple(part.id if isinstance(part, ast.Name) else "?" for part in parts)
    return ()
