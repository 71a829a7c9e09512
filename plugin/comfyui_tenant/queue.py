"""ComfyUI's queue, of which each user gets their own part, under the queue's own lock."""

from __future__ import annotations

import heapq
import json
import logging
import time
from contextvars import ContextVar

from . import context
from .context import Tenant
from .hooks import Hook, wrap
from .ownership import OWNER, Ledger, PromptIdTaken, TooManyQueued, history_owner, is_visible, owner
from .run_limits import INTERRUPTED, RunLimits
from .settings import Settings
from .sockets import scoped
from .tenant_path import directory_of
from .turns import next_round, put_first, turn
from .worker import Worker

_METHODS = {
    "put": ("self", "item"),
    "get": ("self", "timeout"),
    "task_done": ("self", "item_id", "history_result", "status"),
    "get_current_queue": ("self",),
    "get_current_queue_volatile": ("self",),
    "get_tasks_remaining": ("self",),
    "wipe_queue": ("self",),
    "delete_queue_item": ("self", "function"),
}
HOOKS = (
    *(Hook("execution", f"PromptQueue.{name}", names) for name, names in _METHODS.items()),
    Hook("nodes", "interrupt_processing", ("value",)),
)
_USER_ID = "comfy_tenant_user"
# Set while an operator interrupts one named prompt; without a name even an operator stops their own only.
interrupt_by_id: ContextVar[bool] = ContextVar("comfy_tenant_interrupt_by_id", default=False)


class TenantQueue:
    """The wrapped methods. Each one is the original with the owner's part of the data."""

    def __init__(self, settings: Settings, history_limit: int, limits: RunLimits, worker: Worker):
        self.ledger = Ledger()
        self._limits, self._worker = limits, worker
        self._settings = settings
        self._history_limit = history_limit

    def install(self) -> None:
        import execution
        import nodes

        for name in _METHODS:
            wrap(execution.PromptQueue, name, getattr(self, name))
        wrap(nodes, "interrupt_processing", self.interrupt_processing)

    def put(self, original):
        def put(queue, item):
            tenant = context.current()
            if tenant is None or (tenant.run is not None and tenant.run.given_up):
                raise PermissionError("a prompt needs a user")
            with queue.mutex:
                self.refuse_beyond_cap(queue, tenant)
                _refuse_taken_id(queue, item[1], tenant)
                return original(queue, (self._turn(queue, item, tenant), *item[1:3], _stamped(item[3], tenant), *item[4:]))

        return put

    def refuse_beyond_cap(self, queue, tenant: Tenant) -> None:
        with queue.mutex:
            waiting = sum(owner(item) == tenant.directory for item in queue.queue)
        if waiting >= self._settings.max_queued:
            raise TooManyQueued

    def _turn(self, queue, item, tenant: Tenant):
        own = [waiting[0] for waiting in queue.queue if owner(waiting) == tenant.directory]
        running = any(owner(other) == tenant.directory for other in queue.currently_running.values())
        count, arrival = self.ledger.arrive(tenant.directory)
        made = turn(count, next_round(own, running, self.ledger.now_served), arrival)
        if item[0] < 0 and own:
            put_first(made, own)
            heapq.heapify(queue.queue)
        return made

    def get(self, original):
        def get(queue, timeout=None):
            # The worker asks for the next prompt: the user of the last one is done with.
            context.enter(None)
            self._worker.seen()
            taken = original(queue, timeout=timeout)
            if taken is not None:
                item, item_id = taken
                with queue.mutex:
                    self.ledger.start(item, item_id, time.monotonic())
                context.enter(Tenant(item[3][_USER_ID], directory_of(item[3][_USER_ID])))
            return taken

        return get

    def task_done(self, original):
        def task_done(queue, item_id, history_result, status, *args, **kwargs):
            with queue.mutex:
                self.ledger.end(item_id, time.monotonic(), completed=bool(getattr(status, "completed", False)))
                if len(queue.history) >= self._history_limit:
                    queue.history.pop(queue.history.crowded_out())
                try:
                    return original(queue, item_id, _as_json(history_result), status, *args, **kwargs)
                except Exception as error:
                    # It runs in the worker; what a node has returned must not end that.
                    logging.exception("comfy-tenant: a prompt's result could not be kept")
                    self._keep_failure(queue, item_id, error)
                    return None

        return task_done

    def end_running(self, queue, error: BaseException) -> None:
        """Ends what was running as failed, for the worker that ran it has ended."""
        with queue.mutex:
            for item_id in list(queue.currently_running):
                self.ledger.end(item_id, time.monotonic(), completed=False)
                self._keep_failure(queue, item_id, error)

    @staticmethod
    def _keep_failure(queue, item_id: int, error: BaseException) -> None:
        item = queue.currently_running.pop(item_id, None)
        if item is not None:
            told = {"prompt_id": item[1], "exception_message": str(error), "exception_type": type(error).__name__}
            status = {"status_str": "error", "completed": False, "messages": [("execution_error", told)]}
            # Without what ComfyUI calls sensitive.
            queue.history[item[1]] = {"prompt": tuple(item[:5]), "outputs": {}, "status": status, "meta": {}}
        queue.server.queue_updated()

    def get_current_queue(self, original):
        def get_current_queue(queue):
            running, waiting = original(queue)
            return _visible(running), _visible(waiting)

        return get_current_queue

    get_current_queue_volatile = get_current_queue

    def get_tasks_remaining(self, original):
        def get_tasks_remaining(queue):
            tenant = context.current()
            return original(queue) if tenant is None else tasks_of(queue, tenant.directory)

        return get_tasks_remaining

    def wipe_queue(self, original):
        def wipe_queue(queue):
            tenant = context.current()
            if tenant is None:
                return original(queue)
            with queue.mutex:
                queue.queue = [item for item in queue.queue if owner(item) != tenant.directory]
                heapq.heapify(queue.queue)
                queue.server.queue_updated()

        return wipe_queue

    def delete_queue_item(self, original):
        def delete_queue_item(queue, function):
            return original(queue, lambda item: is_visible(owner(item)) and function(item))

        return delete_queue_item

    def interrupt_processing(self, original):
        def interrupt_processing(value=True):
            from server import PromptServer

            tenant = context.current()
            queue = PromptServer.instance.prompt_queue
            # Under the lock the worker cannot go on to another user's prompt between the look and the deed.
            with queue.mutex:
                running = [owner(item) for item in queue.currently_running.values()]
                if tenant is None or tenant.directory in running or (tenant.operator and interrupt_by_id.get()):
                    original(value)
                    if value and self._limits.current is not None:
                        self._limits.current.stop(INTERRUPTED)

        return interrupt_processing


def tasks_of(queue, directory: str) -> int:
    """How many prompts a user has running and waiting."""
    with queue.mutex:
        return sum(owner(item) == directory for item in (*queue.queue, *queue.currently_running.values()))


def _as_json(result: dict) -> dict:
    """What nodes have returned for the page. What is no JSON would make every list of the history fail that it is in."""
    try:
        json.dumps(result)
    except (TypeError, ValueError, RecursionError):
        logging.warning("comfy-tenant: a node returned what is no JSON; it is kept as text")
        return json.loads(json.dumps(result, default=repr, skipkeys=True))
    return result


def _visible(items: list) -> list:
    return [item for item in items if is_visible(owner(item))]


def _stamped(extra: object, tenant: Tenant) -> dict:
    stamped = dict(extra) if isinstance(extra, dict) else {}
    stamped[OWNER], stamped[_USER_ID] = tenant.directory, tenant.user_id
    client_id = stamped.pop("client_id", None)
    if isinstance(client_id, str) and client_id:
        stamped["client_id"] = scoped(client_id, tenant)
    return stamped


def _refuse_taken_id(queue, prompt_id: str, tenant: Tenant) -> None:
    items = (*queue.queue, *queue.currently_running.values())
    owners = [owner(item) for item in items if item[1] == prompt_id]
    if prompt_id in queue.history:
        owners.append(history_owner(queue.history[prompt_id]))
    if any(found != tenant.directory for found in owners):
        raise PromptIdTaken
