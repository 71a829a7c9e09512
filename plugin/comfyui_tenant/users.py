"""Puts ComfyUI's user data (workflows, settings) under the current user's directory."""

from __future__ import annotations

from typing import Any

from . import context
from .comfyui import Function
from .hooks import Hook, wrap

HOOKS = (
    Hook("app.user_manager", "UserManager.get_request_user_id", ("self", "request")),
    Hook("app.user_manager", "UserManager.get_request_user_filepath", ("self", "request", "file", "type", "create_dir")),
)


def install() -> None:
    from app.user_manager import UserManager

    wrap(UserManager, "get_request_user_id", _get_request_user_id)


def _get_request_user_id(_original: Function) -> Function:
    """ComfyUI uses the header `comfy-user` or `default`. Changed: the authenticated user. ComfyUI 0.3.75 and newer."""

    def get_request_user_id(self: Any, request: Any) -> str:
        tenant = context.current()
        if tenant is None:
            raise KeyError("no user")
        return tenant.directory

    return get_request_user_id
