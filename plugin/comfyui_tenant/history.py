"""ComfyUI's history, of which each user gets their own part, under the queue's own lock."""

from __future__ import annotations

from collections import defaultdict

from . import context
from .hooks import Hook, wrap
from .ownership import history_owner, is_visible

HOOKS = (
    Hook("execution", "PromptQueue.get_history", ("self", "prompt_id", "max_items", "offset", "map_function")),
    Hook("execution", "PromptQueue.wipe_history", ("self",)),
    Hook("execution", "PromptQueue.delete_history_item", ("self", "id_to_delete")),
)


class OwnedHistory(dict):
    """ComfyUI's history with each user's part at hand, so that looking at one's own costs nothing for the others'."""

    def __init__(self, entries: dict):
        super().__init__()
        self.parts: defaultdict[str | None, dict] = defaultdict(dict)
        for key, entry in entries.items():
            self[key] = entry

    def __setitem__(self, key, entry) -> None:
        if key in self:
            self.parts[history_owner(self[key])].pop(key, None)
        super().__setitem__(key, entry)
        self.parts[history_owner(entry)][key] = entry

    def pop(self, key, *default):
        if key in self:
            self.parts[history_owner(self[key])].pop(key, None)
        return super().pop(key, *default)

    def crowded_out(self) -> str:
        """The id of the oldest entry of the user with the most: what a full history gives up first."""
        return next(iter(max(self.parts.values(), key=len)))


def install(queue) -> None:
    """For the queue that ComfyUI's server has made."""
    from execution import PromptQueue

    queue.history = OwnedHistory(queue.history)
    wrap(PromptQueue, "get_history", _get_history)
    wrap(PromptQueue, "wipe_history", _wipe_history)
    wrap(PromptQueue, "delete_history_item", _delete_history_item)


def _get_history(original):
    def get_history(queue, prompt_id=None, *args, **kwargs):
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


def _wipe_history(original):
    def wipe_history(queue):
        tenant = context.current()
        with queue.mutex:
            if tenant is None:
                original(queue)
                queue.history = OwnedHistory(queue.history)
            else:
                for key in list(queue.history.parts.get(tenant.directory, ())):
                    queue.history.pop(key)

    return wipe_history


def _delete_history_item(original):
    def delete_history_item(queue, id_to_delete):
        with queue.mutex:
            entry = queue.history.get(id_to_delete)
            if entry is not None and is_visible(history_owner(entry)):
                original(queue, id_to_delete)

    return delete_history_item
