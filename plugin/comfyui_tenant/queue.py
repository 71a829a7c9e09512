"""Gives each user their own part of ComfyUI's queue, under the queue's own lock."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from . import context
from .comfyui import Function, Json, PromptQueue, QueueItem
from .context import Tenant
from .hooks import Hook, wrap
from .ownership import OWNER, REQUEST, USER_ID, PromptIdTaken, TooManyQueued, history_owner, is_visible, owner
from .queue_statistics import QueueStatistics
from .settings import OPERATOR, USER, Settings
from .sockets import scoped
from .tenant_path import directory_of
from .turns import Turn, put_first
from .worker import Worker

_METHODS = {
    "put": ("self", "item"),
    "get": ("self", "timeout"),
    "get_current_queue": ("self",),
    "get_current_queue_volatile": ("self",),
    "get_tasks_remaining": ("self",),
    "wipe_queue": ("self",),
    "delete_queue_item": ("self", "function"),
}
HOOKS = tuple(Hook("execution", f"PromptQueue.{name}", names) for name, names in _METHODS.items())


class TenantQueue:
    """Wrappers for the methods of `PromptQueue`, each named after the method. All are in ComfyUI 0.3.75 and newer."""

    def __init__(self, settings: Settings, statistics: QueueStatistics, worker: Worker):
        self.statistics = statistics
        self._worker = worker
        self._settings = settings

    def install(self) -> None:
        import execution

        for name in _METHODS:
            wrap(execution.PromptQueue, name, getattr(self, name))

    def put(self, original: Function) -> Function:
        """ComfyUI queues any item by its `number`. Changed: needs a user, records the owner, and users take turns."""

        def put(queue: PromptQueue, item: tuple[Any, ...]) -> Any:
            tenant = context.current()
            if tenant is None or (tenant.run is not None and tenant.run.given_up):
                raise PermissionError("a prompt needs a user")
            new = QueueItem(*item)
            with queue.mutex:
                self.check_queue_limit(queue, tenant)
                _refuse_taken_id(queue, new.prompt_id, tenant)
                number, extra = self._turn(queue, new, tenant), _with_owner(new.extra_data, tenant)
                result = original(queue, new._replace(number=number, extra_data=extra))
                self.statistics.order(queue)
                return result

        return put

    def check_queue_limit(self, queue: PromptQueue, tenant: Tenant) -> None:
        """@raises TooManyQueued when the user may not queue another prompt"""
        with queue.mutex:
            waiting = sum(owner(item) == tenant.directory for item in queue.queue)
        if waiting >= self._settings.max_queued:
            raise TooManyQueued

    def _turn(self, queue: PromptQueue, item: QueueItem, tenant: Tenant) -> Turn:
        weight = self._settings.share_weights.get(OPERATOR if tenant.operator else USER, 1.0)
        made = self.statistics.arrive(tenant.directory, item.prompt, weight)
        if item.number < 0:
            put_first(made, [waiting[0] for waiting in queue.queue if owner(waiting) == tenant.directory])
        return made

    def get(self, original: Function) -> Function:
        """ComfyUI's worker takes the next item. Changed: the worker then works for the owner of that item."""

        def get(queue: PromptQueue, timeout: float | None = None) -> Any:
            # The worker is done with the previous prompt and its user.
            context.enter(None)
            self._worker.seen()
            taken = original(queue, timeout=timeout)
            if taken is not None:
                item, item_id = taken
                with queue.mutex:
                    self.statistics.start(item, item_id, time.monotonic())
                user_id = item[3][USER_ID]
                context.enter(Tenant(user_id, directory_of(user_id)))
            return taken

        return get

    def get_current_queue(self, original: Function) -> Function:
        """ComfyUI returns all items. Changed: only those that the user may see."""

        def get_current_queue(queue: PromptQueue) -> tuple[list[Any], list[Any]]:
            running, waiting = original(queue)
            return _visible(running), _visible(waiting)

        return get_current_queue

    get_current_queue_volatile = get_current_queue

    def get_tasks_remaining(self, original: Function) -> Function:
        """ComfyUI counts all prompts. Changed: only the user's."""

        def get_tasks_remaining(queue: PromptQueue) -> int:
            tenant = context.current()
            return int(original(queue)) if tenant is None else tasks_by_user(queue)[tenant.directory]

        return get_tasks_remaining

    def wipe_queue(self, original: Function) -> Function:
        """ComfyUI removes all waiting prompts. Changed: only the user's."""

        def wipe_queue(queue: PromptQueue) -> None:
            tenant = context.current()
            if tenant is None:
                original(queue)
                return
            with queue.mutex:
                queue.queue = [item for item in queue.queue if owner(item) != tenant.directory]
                heapq.heapify(queue.queue)
                queue.server.queue_updated()

        return wipe_queue

    def delete_queue_item(self, original: Function) -> Function:
        """ComfyUI removes the first item that matches. Changed: the user must be allowed to see it."""

        def delete_queue_item(queue: PromptQueue, function: Callable[[Any], bool]) -> Any:
            return original(queue, lambda item: is_visible(owner(item)) and function(item))

        return delete_queue_item


def tasks_by_user(queue: PromptQueue) -> Counter[str | None]:
    """The number of each user's running and waiting prompts."""
    with queue.mutex:
        return Counter(map(owner, (*queue.queue, *queue.currently_running.values())))


def _visible(items: list[Any]) -> list[Any]:
    return [item for item in items if is_visible(owner(item))]


def _with_owner(extra: object, tenant: Tenant) -> Json:
    owned = dict(extra) if isinstance(extra, dict) else {}
    owned[OWNER], owned[USER_ID], owned[REQUEST] = tenant.directory, tenant.user_id, context.request_id.get()
    client_id = owned.pop("client_id", None)
    if isinstance(client_id, str) and client_id:
        owned["client_id"] = scoped(client_id, tenant)
    return owned


def _refuse_taken_id(queue: PromptQueue, prompt_id: str, tenant: Tenant) -> None:
    items = (*queue.queue, *queue.currently_running.values())
    owners = [owner(item) for item in items if item[1] == prompt_id]
    if prompt_id in queue.history:
        owners.append(history_owner(queue.history[prompt_id]))
    if any(found != tenant.directory for found in owners):
        raise PromptIdTaken
