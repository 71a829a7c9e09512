"""`POST /prompt`: checks the body, the nodes and the user's limits, and adds the wait to the answer."""

from __future__ import annotations

import asyncio

from aiohttp import web

from . import context
from .overrides import Handler, Parts, body_of, with_body
from .prompt_body import problem_of_body
from .refused_nodes import refusal_of
from .responses import error, used_up
from .wait import wait_of


async def prompt(parts: Parts, request: web.Request, handler: Handler) -> web.StreamResponse:
    tenant, queue = context.require(), parts.server.prompt_queue
    content, charset = await request.read(), request.charset or "utf-8"
    problem = problem_of_body(content, charset)
    if problem is not None:
        return error(400, "invalid_prompt", problem)
    refusal = refusal_of(content, charset, parts.routes.nodes)
    if refusal is not None:
        return web.json_response(refusal, status=400)
    parts.tenants.check_queue_limit(queue, tenant)
    today = await asyncio.to_thread(parts.usage.today, tenant) if parts.usage.has_limits else None
    if today is not None and today.is_over:
        return used_up(today)
    context.request_id.set(request.headers.get("X-Request-Id", "")[:64] or None)
    response = await handler(request)
    if response.status != 200:
        return parts.paths.hide_in_response(response)
    body = body_of(response)
    with queue.mutex:
        items = (*queue.queue, *queue.currently_running.values())
        own = next((int(item[0]) for item in items if item[1] == body["prompt_id"]), None)
    body["number"] = parts.tenants.statistics.own_counts[tenant.directory] if own is None else own
    body["wait"] = wait_of(queue, parts.tenants.statistics, tenant.directory)
    if today is not None:
        body["gpuSeconds"] = today.as_json()
    return with_body(response, body)
