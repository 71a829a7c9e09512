"""Refuses a ComfyUI whose assets are on: they are one database of all users' files.

The running server is asked, because the flags mean different things: 0.33.0 has `--enable-assets`; newer versions have
`--disable-assets`, with assets on by default or off by default.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

_UNKNOWN = object()
_ROUTES, _SEEDER = "app.assets.api.routes", "app.assets.seeder"


def flag_problem(args: object) -> str | None:
    """Which of ComfyUI's parsed arguments turns assets on, with a fix, or None."""
    if hasattr(args, "disable_assets"):
        # It wins over --enable-assets.
        return None if args.disable_assets is True else f"assets break isolation: {_remedy(args)}"
    if getattr(args, "enable_assets", False):
        return "--enable-assets breaks isolation: start ComfyUI without it"
    return None


def server_problem(server: object, args: object, modules: Mapping[str, Any] | None = None) -> str | None:
    """Which part of the running ComfyUI has assets on, or cannot be asked, with a fix, or None."""
    answers = dict(_answers(server, sys.modules if modules is None else modules))
    for part, off in answers.items():
        if off is not True:
            state = "on" if off is False else "not known to be off"
            return f"assets break isolation and are {state} ({part}): {_remedy(args)}"
    return None


def _answers(server: object, modules: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Each part that decides about assets, and whether it says that they are off: True, False or neither."""
    if hasattr(server, "asset_manager"):
        yield "PromptServer.asset_manager.enabled", _negated(getattr(server.asset_manager, "enabled", _UNKNOWN))
    routes = modules.get(_ROUTES)
    # In older versions, routes without a switch list the shared models. They are closed: see policy.py.
    if routes is not None and not hasattr(routes, "register_assets_system"):
        yield f"{_ROUTES}._ASSETS_ENABLED", _negated(getattr(routes, "_ASSETS_ENABLED", _UNKNOWN))
    seeder = getattr(modules.get(_SEEDER), "asset_seeder", None)
    if seeder is not None and (routes is None or not hasattr(routes, "register_assets_system")):
        yield f"{_SEEDER}.asset_seeder.is_disabled()", _is_disabled(seeder)


def _negated(on: object) -> object:
    return not on if isinstance(on, bool) else _UNKNOWN


def _is_disabled(seeder: Any) -> object:
    try:
        return seeder.is_disabled()
    except Exception:
        # Whatever it is, the scanner does not say that it is off.
        return _UNKNOWN


def _remedy(args: object) -> str:
    if hasattr(args, "disable_assets"):
        return "start ComfyUI with --disable-assets"
    if getattr(args, "enable_assets", False):
        return "start ComfyUI without --enable-assets"
    return "use a ComfyUI version that the plugin's README lists"
