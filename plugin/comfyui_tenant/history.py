"""ComfyUI's history, of which each user gets their own part, under the queue's own lock."""

from __future__ import annotations

from . import context
from .hooks import Hook, wrap
from .ledger import history_owner, is_visible

HOOKS = (
    Hook("execution", "PromptQueue.get_history", ("self", "prompt_id", "max_items", "offset", "map_function")),
    Hook("execution", "PromptQueue.wipe_history", ("self",)),
    Hook("execution", "PromptQueue.delete_history_item", ("self", "id_to_delete")),
)


def install() -> None:
    from execution import PromptQueue

    wrap(PromptQueue, "get_history", _get_history)
    wrap(PromptQueue, "wipe_history", _wipe_history)
    wrap(PromptQueue, "delete_history_item", _delete_history_item)


def _get_history(original):
    def get_history(queue, prompt_id=None, *args, **kwargs):
        with queue.mutex:
            if prompt_id is not None:
                entry = queue.history.get(prompt_id)
                if entry is not None and not is_visible(history_owner(entry)):
                    return {}
                return original(queue, prompt_id, *args, **kwargs)
            everyone = queue.history
            queue.history = {key: entry for key, entry in everyone.items() if is_visible(history_owner(entry))}
            try:
                return original(queue, None, *args, **kwargs)
            finally:
                queue.history = everyone

    return get_history


def _wipe_history(original):
    def wipe_history(queue):
        tenant = context.current()
        if tenant is None:
            return original(queue)
        with queue.mutex:
            others = {key: entry for key, entry in queue.history.items() if history_owner(entry) != tenant.directory}
            queue.history = others

    return wipe_history


def _delete_history_item(original):
    def delete_history_item(queue, id_to_delete):
        with queue.mutex:
            entry = queue.history.get(id_to_delete)
            if entry is not None and is_visible(history_owner(entry)):
                original(queue, id_to_delete)

    return delete_history_item
