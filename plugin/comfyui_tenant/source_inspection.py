"""Whether a ComfyUI that is not running fits the plugin: reads its source with `ast`, and runs nothing of it.

The same hooks and attributes are checked again, in the running ComfyUI, at each start.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator

from .attributes import ASSIGNED, QUEUE, SERVER, queue_item_layout
from .comfyui import Json, QueueItem
from .comfyui_source import Sources, assigned_in, function_of, parameters_of
from .hooks import Hook
from .packs import find_packs
from .profile_errors import NOT_ASSESSED, PARTLY, WORKS
from .profiles import read_profiles, with_profiles
from .startup_checks import EARLY, LATE

# The top-level modules of ComfyUI; other hooks are of Python and its packages.
_COMFYUI = ("app", "comfy", "comfy_execution", "execution", "folder_paths", "nodes", "server")
_VERSION = re.compile(r"""^(?:__)?version(?:__)?\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_UNKNOWN = "its routes are closed, except static files; its nodes run. Write a profile, or open routes with allowRoutes"


def inspect(folder: str) -> Json:
    """What a start would find. `problems` is empty if the plugin fits. @raises NoComfyui"""
    sources = Sources(folder)
    problems = [*_hook_problems(sources), *_attribute_problems(sources)]
    return {
        "version": _version(sources),
        "problems": problems,
        "flags": list(_flags(sources)),
        "packs": list(_packs(folder)),
        "copies": [name for name, is_plugin in _own_copies(folder) if is_plugin],
    }


def _version(sources: Sources) -> str | None:
    for name in ("comfyui_version.py", "pyproject.toml"):
        try:
            found = _VERSION.search(sources.text(name))
        except (OSError, ValueError):
            continue
        if found:
            return found[1]
    return None


def _hook_problems(sources: Sources) -> Iterator[str]:
    for hook in (*EARLY, *LATE):
        if hook.module.split(".")[0] in _COMFYUI:
            problem = _hook_problem(hook, sources)
            if problem is not None:
                yield problem


def _hook_problem(hook: Hook, sources: Sources) -> str | None:
    module = sources.module(hook.module)
    if isinstance(module, str):
        return f"{hook.title}: {module}"
    function = function_of(module, hook.name)
    if function is None:
        return f"{hook.title} is missing"
    parameters = parameters_of(function)
    names, count = tuple(one.name for one in parameters), len(hook.parameters)
    if names[:count] != hook.parameters:
        return f"{hook.title} takes ({', '.join(names)}), expected ({', '.join(hook.parameters)})"
    new = [one.name for one in parameters[count:] if one.required]
    return f"{hook.title} has a new required parameter: {new[0]}" if new else None


def _attribute_problems(sources: Sources) -> Iterator[str]:
    wanted = {
        ("server", "PromptServer"): set(SERVER),
        ("execution", "PromptQueue"): set(QUEUE),
        **ASSIGNED,
    }
    for (module_name, name), attributes in wanted.items():
        module = sources.module(module_name)
        if not isinstance(module, str):
            missing = attributes - assigned_in(module, name)
            yield from (f"{module_name}.{name} has no attribute {attribute}" for attribute in sorted(missing))
    server = sources.module("server")
    if not isinstance(server, str):
        layout = queue_item_layout(server)
        if layout != QueueItem._fields:
            yield f"a queue item is ({', '.join(layout)}), expected ({', '.join(QueueItem._fields)})"


def _flags(sources: Sources) -> Iterator[str]:
    """What to observe when this ComfyUI is started."""
    yield "--multi-user breaks isolation: start ComfyUI without it"
    arguments = sources.module("comfy.cli_args")
    text = "" if isinstance(arguments, str) else ast.unparse(arguments)
    if "--disable-assets" in text:
        yield "assets are on by default and break isolation: start ComfyUI with --disable-assets"
    elif "--enable-assets" in text:
        yield "--enable-assets breaks isolation: start ComfyUI without it"


def _own_copies(folder: str) -> Iterator[tuple[str, bool]]:
    base = os.path.join(folder, "custom_nodes")
    for name in sorted(os.listdir(base)) if os.path.isdir(base) else ():
        if not name.endswith(".disabled"):
            yield name, os.path.isfile(os.path.join(base, name, "comfyui_tenant", "__init__.py"))


def _packs(folder: str) -> Iterator[Json]:
    copies = {name for name, is_plugin in _own_copies(folder) if is_plugin}
    packs = [pack for pack in find_packs([os.path.join(folder, "custom_nodes")], "") if pack.name not in copies]
    for found in with_profiles(packs, read_profiles()[0]):
        profile = found.profile
        if profile is not None and found.covered:
            state, limits = profile.state, profile.limits
        elif profile is not None:
            state, limits = PARTLY, f"version {found.pack.version or 'unknown'} has not been assessed: {_UNKNOWN}"
        else:
            state, limits = NOT_ASSESSED, _UNKNOWN
        yield {
            "pack": found.pack.name,
            "version": found.pack.version,
            "state": state,
            "limits": "" if state == WORKS else limits,
        }


def lines_of(found: Json) -> Iterator[str]:
    """The result for people."""
    version = found["version"] or "of an unknown version"
    if found["problems"]:
        yield f"ComfyUI {version}: the plugin does not fit, and would stop ComfyUI at the start:"
        yield from (f"  {problem}" for problem in found["problems"])
        yield "  remedy: keep the version that runs now, or use one that the plugin's README lists"
    else:
        yield f"ComfyUI {version}: the plugin fits (checked by its source; each start checks again)"
    yield from (f"  flag: {flag}" for flag in found["flags"])
    if len(found["copies"]) > 1:
        yield f"  several copies of the plugin stop ComfyUI at the start: keep one of {', '.join(found['copies'])}"
    for pack in found["packs"]:
        limits = f": {pack['limits']}" if pack["limits"] else ""
        yield f"  pack {pack['pack']} {pack['version'] or ''}".rstrip() + f": {pack['state']}{limits}"


def fits(found: Json) -> bool:
    return not found["problems"] and len(found["copies"]) <= 1
