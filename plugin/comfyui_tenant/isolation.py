"""Puts the parts of the sandbox together: one call for the second step of the start."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from . import confined_calls, denials, numba_cache, own_environment, pools, server_loop, stat_guard, unix_sockets
from .folders import Folders
from .guard import Guard
from .hooks import wrap
from .layout import layout_of, private_places, refuse_private
from .left_processes import left
from .sandbox import OWN_CACHE, OWN_TMP, Sandbox
from .settings import Settings

HOOKS = (*confined_calls.HOOKS, *denials.HOOKS, *own_environment.HOOKS)


class NoKernelIsolation(Exception):
    """The settings require what this system does not have."""


class Isolation:
    """Kernel isolation where there is any. `guard` holds alone where there is none."""

    def __init__(self, folders: Folders, settings: Settings, private: Callable[[], Iterable[str]]):
        import folder_paths

        refuse_private(settings, (*private_places(folders.root), *private()))
        user_directory = folder_paths.get_user_directory()
        self.sandbox = Sandbox(folders, user_directory, layout_of(settings, folders.root, private))
        if settings.require_kernel_isolation and self.sandbox.version is None:
            raise NoKernelIsolation(
                f"requireKernelIsolation: {self.sandbox.reason}. Use a kernel with Landlock (Linux 5.13 or newer, and a "
                "container that does not forbid it), or take the setting out"
            )
        self._environment = own_environment.OwnEnvironment(
            folders, (OWN_TMP, OWN_CACHE), settings.caches, self.sandbox.socket_folder
        )
        self._changing = (folders.root, user_directory, *settings.writable, *settings.caches, "/proc", "/dev")
        self._denials: denials.Denials | None = None

    def install(self, server, guard: Guard) -> None:
        # The first prompt must not wait for it.
        self.sandbox.shared()
        self._denials = denials.Denials(self.sandbox.allows, server.send_sync, self.sandbox.is_new_model)
        denials.install(self._denials)
        own_environment.install(self._environment)
        stat_guard.install(guard, self._changing, self.sandbox.generation)
        confined_calls.install(self.sandbox)
        unix_sockets.install(self.sandbox.allows)
        server_loop.install(server.loop, server.messages)
        _end_pools_with_prompts()

    def enter(self, tenant) -> None:
        self._denials.forget(tenant.directory)
        numba_cache.mend()
        self.sandbox.enter(tenant)

    def state(self) -> dict:
        return {"isolation": self.sandbox.isolation, "denied": self._denials.count if self._denials else 0}


def _end_pools_with_prompts() -> None:
    from execution import PromptExecutor

    from . import context

    def make(original):
        def execute(*args, **kwargs):
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
