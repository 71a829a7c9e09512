"""Builds the plugin from its parts, in the two steps at which ComfyUI lets a custom node in."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from . import (
    atomic_files,
    cache,
    cache_headers,
    datasets,
    end_signal,
    folder_variables,
    folders,
    history,
    isolation,
    pools,
    processes,
    prompt_thread,
    queue,
    run_limits,
    sockets,
    threads,
    users,
)
from .fitness import add_fitness
from .folders import Folders
from .guard import Guard
from .hooks import Hook, faults_of
from .instance import Instance
from .isolation import Isolation
from .made_up_users import add_removal
from .middleware import Gate
from .own_files import add_files
from .private_places import of_this_comfyui
from .queue import TenantQueue, tasks_of
from .quota import Quota
from .routes import add_own, add_state
from .run_limits import RunLimits
from .settings import VARIABLE, Settings, read_settings
from .token_key import VARIABLE as KEY_VARIABLE
from .token_key import KeyFile
from .verifier import Verifier
from .worker import Worker

EARLY = (*threads.HOOKS, *processes.HOOKS, *pools.HOOKS, *folders.HOOKS, *folder_variables.HOOKS, *datasets.HOOKS)
LATE = (
    *queue.HOOKS,
    *history.HOOKS,
    *sockets.HOOKS,
    *cache.HOOKS,
    *users.HOOKS,
    *prompt_thread.HOOKS,
    *run_limits.HOOKS,
    *atomic_files.HOOKS,
    *isolation.HOOKS,
)
# Each undoes the isolation: the first lets a client choose its user, the second lists every user's files to all.
REFUSED_FLAGS = {"multi_user": "--multi-user", "enable_assets": "--enable-assets"}


class CannotProtect(Exception):
    """ComfyUI must not start: names what is wrong and what to do."""


def or_end(step: Callable[[], None]) -> None:
    """Runs a step of the start. ComfyUI goes on without a custom node that fails; without this one it must not."""
    try:
        step()
    except Exception as error:
        logging.critical("comfy-tenant: ComfyUI is stopped, for nothing would be isolated", exc_info=error)
        raise SystemExit(f"comfy-tenant: {error}") from error


def flag_fault(args: object) -> str | None:
    """Which of ComfyUI's parsed arguments undoes the isolation and what to do, or None."""
    for name, flag in REFUSED_FLAGS.items():
        if getattr(args, name, False):
            return f"{flag} undoes the isolation: start ComfyUI without it"
    # Newer ComfyUIs list every user's files to all unless they are told not to.
    if getattr(args, "disable_assets", None) is False:
        return "assets undo the isolation: start ComfyUI with --disable-assets"
    return None


def _check(hooks: tuple[Hook, ...]) -> None:
    faults = faults_of(hooks)
    if faults:
        raise CannotProtect(
            "this ComfyUI does not fit: " + "; ".join(faults) + ". Use a ComfyUI version that the plugin's README names"
        )


class Plugin:
    """What the first step made, for the second one."""

    def __init__(self) -> None:
        import folder_paths
        from comfy.cli_args import args

        fault = flag_fault(args)
        if fault is not None:
            raise CannotProtect(fault)
        _check(EARLY)
        self.settings: Settings = read_settings(os.environ.get(VARIABLE))
        root = os.path.abspath(self.settings.tenants_dir or os.path.join(folder_paths.base_path, "tenants"))
        os.makedirs(root, mode=0o700, exist_ok=True)
        self.instance = Instance(root)
        self.folders = Folders(root, self.instance.name)
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

    def start_late(self) -> None:
        """Once ComfyUI's server is made, before it listens."""
        if self._started:
            raise CannotProtect("the plugin is started a second time: leave one copy of it in custom_nodes")
        self._started = True
        import execution
        import folder_paths
        from server import PromptServer

        _check(LATE)
        server = PromptServer.instance
        keys = _key_file()
        limits = RunLimits(self.settings.max_run_seconds, self.settings.interrupt_grace_seconds)
        tenants = TenantQueue(self.settings, execution.MAXIMUM_HISTORY_SIZE, limits, self.worker)
        self.worker.on_death(lambda error: tenants.end_running(server.prompt_queue, error))
        quota = Quota(self.settings, self.folders, disks=(folder_paths.get_user_directory(),))
        tenants.install()
        history.install(server.prompt_queue)
        sockets.install(tasks_of)
        cache.install(self.settings.shared_loaders)
        users.install()
        run_limits.install()
        private = of_this_comfyui(keys.paths, _own_files(self.settings), self.folders.root)
        isolated = Isolation(self.folders, self.settings, private.paths)
        prompt_thread.install(isolated.enter, limits.watch, limits.explain, limits.begin)
        add_state(server, lambda: {**_state(keys, self.worker, limits), **isolated.state()})
        add_own(server, tenants, quota, self.settings)
        add_files(server, self.folders)
        add_fitness(server, self.folders.root, keys.paths)
        add_removal(server)
        gate = Gate(Verifier(keys), self.settings, tenants, quota, server, isolated.sandbox)
        server.app.middlewares.insert(0, gate.middleware())
        cache_headers.install(server.app)
        atomic_files.install()
        self.instance.empty_left_temp()
        self.instance.keep_touching()
        end_signal.install()
        guard = Guard(self.folders, folder_paths.get_user_directory(), private)
        isolated.install(server, guard)
        guard.install()
        logging.info("comfy-tenant: isolation: %s", isolated.sandbox.isolation)
        logging.info("comfy-tenant: %d hooks fit; users' folders are below %s", len(EARLY + LATE), self.folders.root)


def _own_files(settings: Settings) -> list[str]:
    named = os.environ.get(VARIABLE)
    return [*([named] if named else []), *settings.private]


def _key_file() -> KeyFile:
    keys = KeyFile(os.environ.get(KEY_VARIABLE))
    keys.keys()
    if keys.fault is not None:
        logging.error("comfy-tenant: all requests are refused (503) until a key can be read: %s", keys.fault)
    elif keys.kind != "public":
        logging.warning(
            "comfy-tenant: %s names a shared key of comfy-tenant 0.1: node code that reads it can be any user, and the next "
            'version refuses it. To migrate, see "From 0.1" in docs/operator.md of comfy-tenant',
            KEY_VARIABLE,
        )
    return keys


def _state(source: KeyFile, worker: Worker, limits: RunLimits) -> dict:
    from comfyui_version import __version__

    keys = source.keys()
    count = len(EARLY + LATE)
    return {
        "comfyui": __version__,
        "key": keys.fingerprint,
        "keyFile": source.kind,
        "audience": keys.audience,
        "sharedKey": keys.shared_fingerprint,
        "hooks": {"fit": count, "all": count},
        "worker": {
            "alive": worker.alive,
            # A prompt that is given up costs everything that a new worker would.
            "restarts": worker.restarts + limits.times_given_up,
            "runningSeconds": limits.running_seconds(),
            "givenUp": len(limits.given_up),
        },
    }
