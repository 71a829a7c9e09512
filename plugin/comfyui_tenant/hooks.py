"""What the plugin relies on in ComfyUI, checked at start: a function that is gone or has changed stops the start."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Hook:
    """A function of ComfyUI that is wrapped or called, with the first names of its parameters."""

    module: str
    name: str
    parameters: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.module}.{self.name}"


def fault_of(hook: Hook) -> str | None:
    """What keeps a hook from fitting, or None."""
    try:
        found = functools.reduce(getattr, hook.name.split("."), importlib.import_module(hook.module))
    except (ImportError, AttributeError):
        return f"{hook.title} is not there"
    found = inspect.unwrap(found)
    parameters = list(inspect.signature(found).parameters.values())
    names = tuple(p.name for p in parameters)
    count = len(hook.parameters)
    if names[:count] != hook.parameters:
        return f"{hook.title} takes ({', '.join(names)}) where ({', '.join(hook.parameters)}) is expected"
    unknown = [p.name for p in parameters[count:] if _is_required(p)]
    if unknown:
        return f"{hook.title} has the new parameter {unknown[0]}"
    return None


def _is_required(parameter: inspect.Parameter) -> bool:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return False
    return parameter.default is inspect.Parameter.empty


def faults_of(hooks: Iterable[Hook]) -> list[str]:
    return [fault for fault in map(fault_of, hooks) if fault is not None]


def wrap(owner: object, name: str, make: Callable) -> None:
    """Replaces a function by what `make` builds around it. The signature stays visible to the check at the next start."""
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(make(original)))
