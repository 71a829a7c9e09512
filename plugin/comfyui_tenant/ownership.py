"""Which user a queue item or a history entry belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import context
from .comfyui import Json

# In a prompt's `extra_data`: the user's directory, the user's id, and the id of the request that queued it.
OWNER = "comfy_tenant"
USER_ID = "comfy_tenant_user"
REQUEST = "comfy_tenant_request"


class TooManyQueued(Exception):
    """The user has reached the limit of waiting prompts."""


class PromptIdTaken(Exception):
    """Another user's prompt has this id."""


def owner(item: Sequence[Any]) -> str | None:
    """The directory of the user that a queue item, or the `prompt` of a history entry, belongs to."""
    extra = item[3] if len(item) > 3 else None
    return extra.get(OWNER) if isinstance(extra, dict) else None


def history_owner(entry: Json) -> str | None:
    return owner(entry["prompt"])


def is_visible(directory: str | None) -> bool:
    """Whether the running code may see a user's data: its own user's; everyone's for operators and the server itself."""
    tenant = context.current()
    return tenant is None or tenant.operator or directory == tenant.directory
