"""Stores the results of prompts in ComfyUI's history. A result that cannot be stored fails its own prompt only."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from .comfyui import Function, Json, PromptQueue
from .hooks import Hook, wrap
from .queue_statistics import QueueStatistics
from .usage import Usage

HOOKS = (Hook("execution", "PromptQueue.task_done", ("self", "item_id", "history_result", "status")),)


class PromptResults:
    """The results of finished prompts, and of those that were running when the worker died."""

    def __init__(self, statistics: QueueStatistics, history_limit: int, usage: Usage):
        self._statistics = statistics
        self._history_limit = history_limit
        self._usage = usage

    def install(self) -> None:
        from execution import PromptQueue

        wrap(PromptQueue, "task_done", self._task_done)

    def _task_done(self, original: Function) -> Function:
        """ComfyUI's worker stores a result in the history. Changed: an error in it does not end the worker, and a full history
        drops an entry of the user with the most entries. ComfyUI 0.3.75 and newer.
        """

        def task_done(queue: PromptQueue, item_id: int, history_result: Json, status: Any, *args: Any, **kwargs: Any) -> Any:
            with queue.mutex:
                self._end(queue, item_id, "success" if getattr(status, "completed", False) else _failure(status))
                if len(queue.history) >= self._history_limit:
                    queue.history.pop(queue.history.next_to_drop())
                try:
                    return original(queue, item_id, _as_json(history_result), status, *args, **kwargs)
                except Exception as error:
                    # Runs in the worker thread, which a node's return value must not end.
                    logging.exception("comfy-tenant: the result of a prompt could not be stored")
                    _store_failure(queue, item_id, error)
                    return None

        return task_done

    def end_running(self, queue: PromptQueue, error: BaseException) -> None:
        """Marks the running prompts as failed after their worker has died."""
        with queue.mutex:
            for item_id in list(queue.currently_running):
                self._end(queue, item_id, "error")
                _store_failure(queue, item_id, error)

    def _end(self, queue: PromptQueue, item_id: int, result: str) -> None:
        item = queue.currently_running.get(item_id)
        started = self._statistics.end(item_id, time.monotonic(), completed=result == "success")
        if item is not None and started is not None:
            self._usage.finished(item, started, result)
        self._statistics.order(queue)


def _failure(status: Any) -> str:
    messages = getattr(status, "messages", None) or ()
    return "interrupted" if any(message[0] == "execution_interrupted" for message in messages) else "error"


def _store_failure(queue: PromptQueue, item_id: int, error: BaseException) -> None:
    item = queue.currently_running.pop(item_id, None)
    if item is not None:
        details = {"prompt_id": item[1], "exception_message": str(error), "exception_type": type(error).__name__}
        status = {"status_str": "error", "completed": False, "messages": [("execution_error", details)]}
        # Without `sensitive`, which ComfyUI does not store either.
        queue.history[item[1]] = {"prompt": tuple(item[:5]), "outputs": {}, "status": status, "meta": {}}
    queue.server.queue_updated()


def _as_json(result: Json) -> Json:
    """The results of nodes. One that is not JSON would break every history response that contains it."""
    try:
        json.dumps(result)
    except (TypeError, ValueError, RecursionError):
        logging.warning("comfy-tenant: a node returned a value that is not JSON; storing it as text")
        converted: Json = json.loads(json.dumps(result, default=repr, skipkeys=True))
        return converted
    return result
