"""Checks at startup that this ComfyUI is one that the plugin can isolate."""

from __future__ import annotations

from collections.abc import Iterable

from . import (
    assets,
    atomic_files,
    cache,
    datasets,
    folder_variables,
    folders,
    history,
    interrupts,
    isolation,
    own_models,
    pools,
    processes,
    prompt_thread,
    queue,
    results,
    run_limits,
    sockets,
    threads,
    users,
)
from .attributes import attribute_mismatches
from .comfyui import PromptServer
from .hooks import Hook, mismatches_of

# Checked before ComfyUI's own modules are imported.
EARLY = (
    *threads.HOOKS,
    *processes.HOOKS,
    *pools.HOOKS,
    *folders.HOOKS,
    *folder_variables.HOOKS,
    *datasets.HOOKS,
    *own_models.HOOKS,
)
LATE = (
    *queue.HOOKS,
    *results.HOOKS,
    *interrupts.HOOKS,
    *history.HOOKS,
    *sockets.HOOKS,
    *cache.HOOKS,
    *users.HOOKS,
    *prompt_thread.HOOKS,
    *run_limits.HOOKS,
    *atomic_files.HOOKS,
    *isolation.HOOKS,
)


class StartupError(Exception):
    """ComfyUI must not start. The message contains the cause and a fix."""


def flag_problem(args: object) -> str | None:
    """Which of ComfyUI's parsed arguments breaks isolation, with a fix, or None."""
    if getattr(args, "multi_user", False):
        # Clients choose their user.
        return "--multi-user breaks isolation: start ComfyUI without it"
    return assets.flag_problem(args)


def check_flags(args: object) -> None:
    problem = flag_problem(args)
    if problem is not None:
        raise StartupError(problem)


def check_hooks(hooks: Iterable[Hook]) -> None:
    _refuse(mismatches_of(hooks))


def check_late(server: PromptServer, args: object) -> None:
    """Functions and attributes of ComfyUI's own modules, and whether its assets are off."""
    # First the functions: a missing class is reported there.
    check_hooks(LATE)
    _refuse(attribute_mismatches(server))
    problem = assets.server_problem(server, args)
    if problem is not None:
        raise StartupError(problem)


def _refuse(mismatches: list[str]) -> None:
    if mismatches:
        raise StartupError(
            f"this ComfyUI version is not supported: {'; '.join(mismatches)}. Use a version that the plugin's README lists"
        )
