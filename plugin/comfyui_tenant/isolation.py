"""Assembles the parts of the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import (
    confined_calls,
    context,
    denials,
    node_errors,
    numba_cache,
    own_environment,
    pools,
    server_loop,
    stat_guard,
    unix_sockets,
)
from .comfyui import Function, Json, PromptServer
from .context import Tenant
from .folders import Folders
from .guard import Guard
from .hooks import wrap
from .layout import layout_of, private_places, refuse_private
from .left_processes import left
from .sandbox import OWN_CACHE, OWN_TMP, Sandbox
from .settings import Settings

HOOKS = (*confined_calls.HOOKS, *node_errors.HOOKS, *own_environment.HOOKS)


class NoKernelIsolation(Exception):
    """The settings require kernel isolation, which this system does not have."""


class Isolation:
    """Kernel isolation if available; without it, only the Python guard isolates."""

    def __init__(self, folders: Folders, settings: Settings, private: Callable[[], Iterable[str]]):
        import folder_paths

        refuse_private(settings, (*private_places(folders.root), *private()))
        user_directory = folder_paths.get_user_directory()
        self.sandbox = Sandbox(folders, user_directory, layout_of(settings, folders.root, private))
        if settings.require_kernel_isolation and self.sandbox.version is None:
            raise NoKernelIsolation(
                f"requireKernelIsolation: {self.sandbox.reason}. Use a kernel with Landlock (Linux 5.13 or newer, and a "
                "container that allows it), or remove the setting"
            )
        self._environment = own_environment.OwnEnvironment(
            folders, (OWN_TMP, OWN_CACHE), settings.caches, self.sandbox.socket_folder
        )
        self._changing = (folders.root, user_directory, *settings.writable, *settings.caches, "/proc", "/dev")
        self._denials: denials.Denials | None = None

    def install(self, server: PromptServer, guard: Guard) -> None:
        # In advance, so that the first prompt does not wait for it.
        self.sandbox.shared()
        self._denials = denials.Denials(self.sandbox.allows, server.send_sync, self.sandbox.is_new_model)
        denials.install(self._denials)
        node_errors.install(self._denials)
        own_environment.install(self._environment)
        stat_guard.install(guard, self._changing, self.sandbox.generation)
        confined_calls.install(self.sandbox)
        unix_sockets.install(self.sandbox.allows)
        server_loop.install(server.loop, server.messages)
        _end_pools_with_prompts()

    def enter(self, tenant: Tenant) -> None:
        if self._denials is not None:
            self._denials.forget(tenant.directory)
        numba_cache.patch()
        self.sandbox.enter(tenant)

    def state(self) -> Json:
        return {"isolation": self.sandbox.isolation, "denied": self._denials.count if self._denials else 0}


def _end_pools_with_prompts() -> None:
    from execution import PromptExecutor

    def make(original: Function) -> Function:
        """Before ComfyUI executes a prompt, processes that other users' prompts left behind are ended; after it, its user's
        process pools are closed. ComfyUI 0.3.75 and newer."""

        def execute(*args: Any, **kwargs: Any) -> Any:
            tenant = context.current()
            if tenant is not None:
                left.end_others(tenant.directory)
            try:
                return original(*args, **kwargs)
            finally:
                if tenant is not None:
                    pools.end_of_prompt(tenant.directory)

        return execute

    wrap(PromptExecutor, "execute", make)
