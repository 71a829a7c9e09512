"""The functions of ComfyUI and Python that the plugin wraps, checked at startup: a missing or changed one stops the start."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .comfyui import Function


@dataclass(frozen=True)
class Hook:
    """A function that is wrapped or called, with the names of its first parameters."""

    module: str
    name: str
    parameters: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.module}.{self.name}"


def mismatch_of(hook: Hook) -> str | None:
    """How a function differs from what the plugin expects, or None."""
    try:
        found = functools.reduce(getattr, hook.name.split("."), importlib.import_module(hook.module))
    except (ImportError, AttributeError):
        return f"{hook.title} is missing"
    parameters = list(inspect.signature(inspect.unwrap(found)).parameters.values())  # type: ignore[arg-type]
    names = tuple(p.name for p in parameters)
    count = len(hook.parameters)
    if names[:count] != hook.parameters:
        return f"{hook.title} takes ({', '.join(names)}), expected ({', '.join(hook.parameters)})"
    unknown = [p.name for p in parameters[count:] if _is_required(p)]
    if unknown:
        return f"{hook.title} has a new required parameter: {unknown[0]}"
    return None


def _is_required(parameter: inspect.Parameter) -> bool:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        return False
    return parameter.default is inspect.Parameter.empty


def mismatches_of(hooks: Iterable[Hook]) -> list[str]:
    return [mismatch for mismatch in map(mismatch_of, hooks) if mismatch is not None]


def wrap(owner: object, name: str, make: Callable[[Function], Function]) -> None:
    """Replaces a function with the one that `make` builds around it. `inspect.unwrap` still finds the original."""
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(make(original)))
