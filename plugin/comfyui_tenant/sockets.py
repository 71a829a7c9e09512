"""Events go to the sockets of the user they concern; nothing is sent to everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from . import context
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
PART = ":"


@dataclass(frozen=True)
class Audience:
    """Every socket of one user, in the place of a socket's id."""

    directory: str


def scoped(client_id: str, tenant: Tenant) -> str:
    """A client's id within the user's own; as it is when it has been scoped, for a client sends back what it was told."""
    own = tenant.directory + PART
    return client_id if client_id.startswith(own) else own + client_id


def install(tasks_of: Callable[[object, str], int]) -> None:
    from server import PromptServer

    wrap(PromptServer, "send_sync", lambda original: _send_sync(original, tasks_of))
    wrap(PromptServer, "send", _kept_going)
    wrap(PromptServer, "send_json", _fan_out)
    wrap(PromptServer, "send_bytes", _fan_out)


def _send_sync(original, tasks_of):
    def to_audience(server, event, data, sid):
        if sid is None and event == "status":
            for directory in {key.split(PART, 1)[0] for key in list(server.sockets)}:
                remaining = tasks_of(server.prompt_queue, directory)
                original(server, event, {"status": {"exec_info": {"queue_remaining": remaining}}}, Audience(directory))
            return
        audience = _audience(event, sid)
        if audience is not None:
            original(server, event, data, audience)

    def send_sync(server, event, data, sid=None):
        run = context.current_run()
        if run is not None and run.given_up:
            return
        try:
            to_audience(server, event, data, sid)
        except Exception:
            # It is called by the worker and under the queue's lock: an event that cannot be sent stops nobody.
            logging.exception("comfy-tenant: event %s was not sent", event)

    return send_sync


def _kept_going(original):
    async def send(server, event, data, sid=None):
        try:
            await original(server, event, data, sid)
        except Exception:
            # ComfyUI's loop that sends every event would end, and ComfyUI with it.
            logging.exception("comfy-tenant: event %s was not sent", event)

    return send


def _fan_out(original):
    async def send(server, event, data, sid=None):
        audience = _audience(event, sid)
        if isinstance(audience, Audience):
            for key in [key for key in list(server.sockets) if key.startswith(audience.directory + PART)]:
                await original(server, event, data, key)
        elif audience is not None:
            await original(server, event, data, audience)

    return send


def _audience(event, sid) -> str | Audience | None:
    """Who gets an event: of the running user's sockets the named one or all; nobody when no user is known."""
    tenant = context.current()
    if isinstance(sid, Audience):
        return sid
    if tenant is None:
        if sid is None:
            logging.debug("comfy-tenant: event %s has no user and was dropped", event)
        return sid
    return Audience(tenant.directory) if sid is None else scoped(sid, tenant)
