"""Events go only to the WebSockets of the user they belong to; nothing is broadcast to all users."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from . import context
from .comfyui import Function, PromptQueue
from .comfyui import PromptServer as Server
from .context import Tenant
from .hooks import Hook, wrap

HOOKS = (
    Hook("server", "PromptServer.send_sync", ("self", "event", "data", "sid")),
    Hook("server", "PromptServer.send_json", ("self", "event", "data", "sid")),
    Hook("server", "PromptServer.send_bytes", ("self", "event", "data", "sid")),
    Hook("server", "PromptServer.send", ("self", "event", "data", "sid")),
    Hook("server", "PromptServer.queue_updated", ("self",)),
    Hook("server", "PromptServer.get_queue_info", ("self",)),
)
SEPARATOR = ":"


@dataclass(frozen=True)
class Audience:
    """All WebSockets of one user, used in place of a client id."""

    directory: str


def scoped(client_id: str, tenant: Tenant) -> str:
    """A client id prefixed with its user's directory; unchanged if it has it: clients send back the id they got."""
    own = tenant.directory + SEPARATOR
    return client_id if client_id.startswith(own) else own + client_id


def install(tasks_by_user: Callable[[PromptQueue], Counter[str | None]], public: Collection[str] = ()) -> None:
    """@param tasks_by_user the number of each user's running and waiting prompts
    @param public events that go to everyone if they belong to no user
    """
    from server import PromptServer

    wrap(PromptServer, "send_sync", lambda original: _send_sync(original, tasks_by_user, public))
    wrap(PromptServer, "send", _send)
    wrap(PromptServer, "send_json", lambda original: _to_each_socket(original, public))
    wrap(PromptServer, "send_bytes", lambda original: _to_each_socket(original, ()))


def _is_public(event: object, sid: object, public: Collection[str]) -> bool:
    """Whether an event goes to everyone: only one that a profile names, without a client and without a user."""
    return sid is None and isinstance(event, str) and event in public and context.snapshot() is None


def _send_sync(
    original: Function, tasks_by_user: Callable[[PromptQueue], Counter[str | None]], public: Collection[str]
) -> Function:
    """ComfyUI sends an event without a client id to everyone. Changed: to the running user's WebSockets, and the `status` event
    to each user with their own count. ComfyUI 0.3.75 and newer.
    """

    def to_audience(server: Server, event: Any, data: Any, sid: Any) -> None:
        if sid is None and event == "status":
            tasks = tasks_by_user(server.prompt_queue)
            for directory in {key.split(SEPARATOR, 1)[0] for key in list(server.sockets)}:
                remaining = tasks[directory]
                original(server, event, {"status": {"exec_info": {"queue_remaining": remaining}}}, Audience(directory))
            return
        if _is_public(event, sid, public):
            original(server, event, data, None)
            return
        audience = _audience(event, sid)
        if audience is not None:
            original(server, event, data, audience)

    def send_sync(server: Server, event: Any, data: Any, sid: Any = None) -> None:
        run = context.current_run()
        if run is not None and run.given_up:
            return
        try:
            to_audience(server, event, data, sid)
        except Exception:
            # Called by the worker and while the queue is locked: a failure to send must not reach the caller.
            logging.exception("comfy-tenant: event %s was not sent", event)

    return send_sync


def _send(original: Function) -> Function:
    """An error in `send` ends ComfyUI's loop that sends all events, and with it ComfyUI. Changed: the error is logged.
    ComfyUI 0.3.75 and newer.
    """

    async def send(server: Server, event: Any, data: Any, sid: Any = None) -> None:
        try:
            await original(server, event, data, sid)
        except Exception:
            logging.exception("comfy-tenant: event %s was not sent", event)

    return send


def _to_each_socket(original: Function, public: Collection[str]) -> Function:
    """ComfyUI sends to one client id or to everyone. Changed: an Audience is sent to each of its user's WebSockets.
    ComfyUI 0.3.75 and newer.
    """

    async def send(server: Server, event: Any, data: Any, sid: Any = None) -> None:
        if _is_public(event, sid, public):
            await original(server, event, data, None)
            return
        audience = _audience(event, sid)
        if isinstance(audience, Audience):
            for key in [key for key in list(server.sockets) if key.startswith(audience.directory + SEPARATOR)]:
                await original(server, event, data, key)
        elif audience is not None:
            await original(server, event, data, audience)

    return send


def _audience(event: object, sid: str | Audience | None) -> str | Audience | None:
    """Who gets an event: the running user's named client or all of that user's; no one if no user is known."""
    tenant = context.current()
    if isinstance(sid, Audience):
        return sid
    if tenant is None:
        if sid is None:
            logging.debug("comfy-tenant: dropped event %s, which belongs to no user", event)
        return sid
    return Audience(tenant.directory) if sid is None else scoped(sid, tenant)
