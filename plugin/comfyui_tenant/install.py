"""Assembles the plugin from its parts, in the two steps in which ComfyUI loads a custom node."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace

from . import (
    atomic_files,
    cache,
    cache_headers,
    datasets,
    end_signal,
    folder_variables,
    folders,
    hidden_paths,
    history,
    interrupts,
    own_models,
    pools,
    processes,
    prompt_thread,
    run_limits,
    sockets,
    threads,
    users,
)
from .close_route import add_close
from .comfyui import PromptServer as Server
from .diagnostics import add_diagnostics
from .empty_answers import add_empty
from .file_routes import add_files
from .folders import Folders
from .guard import Guard
from .installed_packs import installed_routes, server_paths
from .instance import Instance
from .isolation import Isolation
from .key_file import VARIABLE as KEY_VARIABLE
from .key_file import KeyFile
from .library import INPUT, WORKFLOWS, Library, library_root
from .middleware import TenantMiddleware
from .model_uploads import add_model_uploads
from .open_sockets import OpenSockets
from .pack_report import add_packs
from .private_places import of_this_comfyui
from .probe_users import add_removal
from .queue import TenantQueue, tasks_by_user
from .queue_statistics import QueueStatistics
from .quota import Quota
from .results import PromptResults
from .routes import add_own, add_state
from .run_limits import RunLimits
from .settings import VARIABLE, Settings, read_settings
from .shares import Shares
from .startup_checks import EARLY, StartupError, check_flags, check_hooks, check_late
from .state import state_of
from .usage import Usage
from .usage_route import add_usage
from .usage_store import UsageStore
from .verifier import Verifier
from .worker import Worker


def exit_on_error(step: Callable[[], None]) -> None:
    """Runs a step of the start. ComfyUI continues without a custom node that fails; without this one it must not."""
    try:
        step()
    except Exception as error:
        logging.critical("comfy-tenant: stopping ComfyUI: tenant isolation could not be enabled", exc_info=error)
        raise SystemExit(f"comfy-tenant: {error}") from error


class Plugin:
    """State that the first step passes to the second."""

    def __init__(self) -> None:
        import folder_paths
        from comfy.cli_args import args

        check_flags(args)
        check_hooks(EARLY)
        self.settings: Settings = read_settings(os.environ.get(VARIABLE))
        root = os.path.abspath(self.settings.tenants_dir or os.path.join(folder_paths.base_path, "tenants"))
        os.makedirs(root, mode=0o700, exist_ok=True)
        library = library_root(self.settings.library, folder_paths.base_path)
        if library is not None:
            # Prompts read its files, and the kernel does not let them write there.
            folders = (os.path.join(library, kind) for kind in (INPUT, WORKFLOWS))
            self.settings = replace(self.settings, readable=(*self.settings.readable, *folders))
        self.instance = Instance(root)
        self.folders = Folders(root, self.instance.name)
        self.folders.library = Library(library)
        self.worker = Worker()
        self._started = False

    def start_early(self) -> None:
        """Before ComfyUI's own modules are imported."""
        threads.install(self.worker.adopt)
        processes.install()
        pools.install()
        folders.install(self.folders)
        folder_variables.install(self.folders)
        datasets.install(self.folders)
        own_models.install(self.folders)

    def start_late(self) -> None:
        """After ComfyUI has created its server, before it listens."""
        if self._started:
            raise StartupError("the plugin was started twice: keep only one copy in custom_nodes")
        self._started = True
        import execution
        import folder_paths
        from comfy.cli_args import args
        from server import PromptServer

        server: Server = PromptServer.instance
        check_late(server, args)
        keys = _key_file()
        limits = RunLimits(self.settings.max_run_seconds, self.settings.interrupt_grace_seconds)
        shares = Shares(self.settings.share_half_life_seconds)
        # Before what has to be stored at the end.
        end_signal.install()
        usage = Usage(UsageStore(self.folders.root), self.settings, self.instance.name)
        usage.recall(shares)
        statistics = QueueStatistics(shares, time.monotonic)
        tenants = TenantQueue(self.settings, statistics, self.worker)
        results = PromptResults(statistics, execution.MAXIMUM_HISTORY_SIZE, usage)
        self.worker.on_death(lambda error: results.end_running(server.prompt_queue, error))
        quota = Quota(self.settings, self.folders, disks=(folder_paths.get_user_directory(),))
        tenants.install()
        results.install()
        interrupts.install(server.prompt_queue, limits)
        history.install(server.prompt_queue)
        cache.install(self.settings.shared_loaders)
        users.install()
        run_limits.install()
        private = of_this_comfyui(keys.paths, _own_files(self.settings), self.folders.root)
        routes = installed_routes(self.settings, self.folders, private.paths)
        sockets.install(tasks_by_user, routes.events)
        routes.globals.install()
        isolated = Isolation(self.folders, self.settings, private.paths)
        prompt_thread.install(isolated.enter, limits.watch, limits.explain, limits.begin)
        add_state(server, lambda: {**state_of(keys, self.worker, limits), **isolated.state()})
        add_own(server, tenants, quota, self.settings, usage)
        add_files(server, self.folders)
        add_diagnostics(server, self.folders.root, keys.paths, routes)
        add_packs(server, routes)
        add_empty(server)
        server.app.on_startup.append(routes.packs_loaded)
        server.app.on_startup.append(_keep_what_was_loaded)
        add_removal(server)
        add_model_uploads(server, self.settings)
        open_sockets = OpenSockets()
        add_close(server, open_sockets)
        add_usage(server, usage, quota, self.folders.root, open_sockets)
        paths = server_paths(self.folders)
        parts = (Verifier(keys), self.settings, tenants, quota, server, isolated.sandbox, usage)
        middleware = TenantMiddleware(*parts, routes, paths, self.folders.library)
        server.app.middlewares.insert(0, middleware.middleware())
        cache_headers.install(server.app)
        open_sockets.install(server.app)
        atomic_files.install()
        self.instance.empty_left_temp()
        self.instance.keep_touching()
        guard = Guard(self.folders, folder_paths.get_user_directory(), private)
        hidden_paths.install(paths)
        isolated.install(server, guard)
        guard.install()
        logging.info("comfy-tenant: isolation: %s", isolated.sandbox.isolation)
        logging.info("comfy-tenant: ready; users' folders are in %s", self.folders.root)


async def _keep_what_was_loaded(_app: object) -> None:
    """Modules and nodes stay in memory, so the garbage collector need not look at them during requests: each full
    collection would pass over everything that torch and the node packs have loaded."""
    gc.collect()
    gc.freeze()


def _own_files(settings: Settings) -> list[str]:
    named = os.environ.get(VARIABLE)
    return [*([named] if named else []), *settings.private]


def _key_file() -> KeyFile:
    keys = KeyFile(os.environ.get(KEY_VARIABLE))
    keys.keys()
    if keys.error is not None:
        logging.error("comfy-tenant: denying all requests (503) until a key can be read: %s", keys.error)
    elif keys.kind != "public":
        logging.warning(
            "comfy-tenant: %s names a shared key of comfy-tenant 0.1: node code that reads it can impersonate any user, and "
            'the next version rejects it. To migrate, see "From 0.1" in docs/operator.md of comfy-tenant',
            KEY_VARIABLE,
        )
    return keys
