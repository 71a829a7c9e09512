"""Gives each user their own part of ComfyUI's history, under the queue's own lock."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from . import context
from .comfyui import Function, Json, PromptQueue
from .hooks import Hook, wrap
from .ownership import history_owner, is_visible

HOOKS = (
    Hook("execution", "PromptQueue.get_history", ("self", "prompt_id", "max_items", "offset", "map_function")),
    Hook("execution", "PromptQueue.wipe_history", ("self",)),
    Hook("execution", "PromptQueue.delete_history_item", ("self", "id_to_delete")),
)


class OwnedHistory(dict[str, Json]):
    """ComfyUI's history, indexed by user: reading one user's entries does not scan the others'."""

    def __init__(self, entries: dict[str, Json]):
        super().__init__()
        self.parts: defaultdict[str | None, dict[str, Json]] = defaultdict(dict)
        for key, entry in entries.items():
            self[key] = entry

    def __setitem__(self, key: str, entry: Json) -> None:
        if key in self:
            self.parts[history_owner(self[key])].pop(key, None)
        super().__setitem__(key, entry)
        self.parts[history_owner(entry)][key] = entry

    def pop(self, key: str, *default: Any) -> Any:
        if key in self:
            self.parts[history_owner(self[key])].pop(key, None)
        return super().pop(key, *default)

    def next_to_drop(self) -> str:
        """The id of the oldest entry of the user with the most entries."""
        parts: list[dict[str, Json]] = list(self.parts.values())
        largest = max(range(len(parts)), key=lambda at: len(parts[at]))
        return next(iter(parts[largest]))


def install(queue: PromptQueue) -> None:
    """@param queue the one that ComfyUI's server has created"""
    from execution import PromptQueue

    queue.history = OwnedHistory(queue.history)
    wrap(PromptQueue, "get_history", _get_history)
    wrap(PromptQueue, "wipe_history", _wipe_history)
    wrap(PromptQueue, "delete_history_item", _delete_history_item)


def _get_history(original: Function) -> Function:
    """ComfyUI returns all entries. Changed: only the user's; all for operators. ComfyUI 0.3.75 and newer."""

    def get_history(queue: PromptQueue, prompt_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        tenant = context.current()
        with queue.mutex:
            if tenant is None or tenant.operator:
                return original(queue, prompt_id, *args, **kwargs)
            everyone = queue.history
            queue.history = everyone.parts.get(tenant.directory, {})
            try:
                return original(queue, prompt_id, *args, **kwargs)
            finally:
                queue.history = everyone

    return get_history


def _wipe_history(original: Function) -> Function:
    """ComfyUI removes all entries. Changed: only the user's, also for operators. ComfyUI 0.3.75 and newer."""

    def wipe_history(queue: PromptQueue) -> None:
        tenant = context.current()
        with queue.mutex:
            if tenant is None:
                original(queue)
                queue.history = OwnedHistory(queue.history)
            else:
                for key in list(queue.history.parts.get(tenant.directory, ())):
                    queue.history.pop(key)

    return wipe_history


def _delete_history_item(original: Function) -> Function:
    """ComfyUI removes any entry. Changed: only one that the user may see. ComfyUI 0.3.75 and newer."""

    def delete_history_item(queue: PromptQueue, id_to_delete: str) -> None:
        with queue.mutex:
            entry = queue.history.get(id_to_delete)
            if entry is not None and is_visible(history_owner(entry)):
                original(queue, id_to_delete)

    return delete_history_item
