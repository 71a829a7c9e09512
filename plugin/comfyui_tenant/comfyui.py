"""Types for the parts of ComfyUI that the plugin uses. attributes.py checks them at startup."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from aiohttp import web

# A function of ComfyUI or Python that is wrapped; hooks.py checks its parameters.
Function = Callable[..., Any]
Json = dict[str, Any]
# Prompt as sent by the web UI: node id → {"class_type", "inputs"}.
Graph = dict[str, Json]


class QueueItem(NamedTuple):
    """A prompt in the queue, as `POST /prompt` builds it. In the history, ComfyUI drops `sensitive`."""

    number: Any
    prompt_id: str
    prompt: Graph
    extra_data: Any
    outputs_to_execute: list[str]
    sensitive: Json


class QueueServer(Protocol):
    def queue_updated(self) -> None: ...


class PromptQueue(Protocol):
    """`execution.PromptQueue`. All attributes are guarded by `mutex`, which is reentrant."""

    mutex: threading.RLock
    # A heap, smallest `number` first.
    queue: list[Any]
    # Key: the item's id, counted by the queue.
    currently_running: dict[int, Any]
    # Prompt id → {"prompt", "outputs", "status", "meta"}.
    history: Any
    server: QueueServer

    def set_flag(self, name: str, data: object) -> None: ...


class PromptServer(Protocol):
    """`server.PromptServer.instance`."""

    prompt_queue: PromptQueue
    # Client id → WebSocket.
    sockets: dict[str, Any]
    # Events waiting to be sent.
    messages: asyncio.Queue[Any]
    loop: asyncio.AbstractEventLoop
    app: web.Application
    routes: web.RouteTableDef
    on_prompt_handlers: list[Callable[[Json], Json]]

    def send_sync(self, event: str, data: Any, sid: Any = None) -> None: ...


class PromptExecutor(Protocol):
    """`execution.PromptExecutor`."""

    success: bool
    status_messages: list[Any]
    history_result: Json
    server: Any

    def add_message(self, event: str, data: Json, broadcast: bool) -> None: ...

    def reset(self) -> None: ...


class DynamicPrompt(Protocol):
    def get_node(self, node_id: str) -> Json: ...


class CacheKeySet(Protocol):
    """`comfy_execution.caching.CacheKeySetID` and `CacheKeySetInputSignature`."""

    keys: dict[str, Any]
    subcache_keys: dict[str, Any]
    dynprompt: DynamicPrompt
