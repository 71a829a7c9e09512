"""Confines the thread that calls `enter` to one user's files, in the kernel if it can.

Not confined: the server's event loop, which serves all users; the worker, which waits for prompts and frees models between
them; threads that node packs start on import, without a user. Each prompt, its validation, the node list and prompt handlers
run in threads that call `enter` first.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import Any

from . import confinement, context, forks, landlock
from .confined_workers import ConfinedWorkers
from .context import Housekeeping, Tenant
from .datasets import DATASETS
from .folders import Folders
from .landlock_probe import try_landlock
from .sandbox_policy import SHARED_MEMORY, Layout, Links, is_under
from .shared_places import SharedPlaces
from .socket_folders import SocketFolders
from .tenant_path import KINDS

_stat = os.stat
# Each user's, in addition to input, output and temp.
OWN_TMP, OWN_CACHE = "tmp", "cache"
_REMEMBERED_USERS = 1000
# New links to models, and folders that a node pack adds, are readable after this long.
_FRESH_SECONDS = 10.0


class Sandbox:
    """One per process. `version` is the kernel's Landlock ABI, or None, and `reason` why it cannot be used."""

    def __init__(self, folders: Folders, user_directory: str, layout: Callable[[], Layout]):
        self._folders = folders
        self._user_directory = os.path.abspath(user_directory)
        self._layout = layout
        self._lock = forks.new_lock()
        self._own: dict[str, list[str]] = {}
        self._workers = ConfinedWorkers()
        self._socket_folders = SocketFolders()
        self._links = Links()
        self._shared: SharedPlaces | None = None
        self._looked = float("-inf")
        self._must_look = False
        self._generation = 0
        self.version: int | None = None
        self.reason = ""
        try:
            self.version = landlock.abi()
            try_landlock(self.version)
        except (landlock.Unavailable, OSError) as error:
            self.version, self.reason = None, str(error)

    @property
    def isolation(self) -> str:
        """The kind of isolation in use, as one line for the log."""
        if self.version is None:
            return f"Python only ({self.reason})"
        return f"kernel (Landlock ABI {self.version})"

    def own_places(self, tenant: Tenant) -> dict[str, int]:
        """A user's folders, created if missing, with their inodes, which change when a folder is replaced."""
        with contextlib.suppress(KeyError, OSError):
            return {path: _stat(path).st_ino for path in self._own[tenant.directory]}
        if len(self._own) >= _REMEMBERED_USERS:
            self._own.clear()
        self._own[tenant.directory] = paths = self._make_own_places(tenant)
        return {path: _stat(path).st_ino for path in paths}

    def _make_own_places(self, tenant: Tenant) -> list[str]:
        kinds = [self._folders.of(tenant, kind) for kind in (*KINDS, DATASETS, OWN_TMP, OWN_CACHE)]
        user_data = os.path.join(self._user_directory, tenant.directory)
        os.makedirs(user_data, exist_ok=True)
        return [*kinds, user_data, self.socket_folder(tenant.directory)]

    def socket_folder(self, directory: str) -> str:
        return self._socket_folders.of(directory, self._folders.of(Tenant("", directory), OWN_TMP))

    def shared(self) -> SharedPlaces:
        """What every prompt may use. Refreshed from time to time in the background; until then, the previous value."""
        now = time.monotonic()
        with self._lock:
            if self._shared is not None and now - self._looked <= _FRESH_SECONDS:
                return self._shared
            self._looked = now
            if self._shared is None or (self._must_look and confinement.confined_as() is None):
                self._must_look = False
                return self._look()
            if confinement.confined_as() is None:
                threading.Thread(target=self._look, name="comfy-tenant places", daemon=True).start()
            return self._shared

    def _look(self) -> SharedPlaces:
        with context.as_tenant(Housekeeping()):
            found = SharedPlaces(self.version, self._layout(), self._links)
        self._generation += 1
        # If nothing has changed, keep the previous one with its open descriptors.
        if self._shared is None or self._shared.key != found.key:
            self._shared = found
        return self._shared

    def enter(self, tenant: Tenant) -> None:
        """Confines the calling thread permanently. @raises OSError if the kernel fails to: then nothing may run in it"""
        if confinement.confined_as() is not None:
            raise RuntimeError("this thread is already confined")
        with context.as_tenant(Housekeeping()):
            own = self.own_places(tenant)
            if self.version is not None:
                self._restrict(self.version, own)
        confinement.mark(tenant.directory)

    def _restrict(self, version: int, own: Iterable[str]) -> None:
        places = landlock.places_of(version, [(path, landlock.WRITE) for path in own])
        ruleset = landlock.make_ruleset(version, [*self.shared().places, *places])
        try:
            landlock.restrict_this_thread(version, ruleset)
        finally:
            os.close(ruleset)
            for place in places:
                place.close()

    def allows(self, tenant_directory: str, path: str, write: bool) -> bool:
        """Predicts the kernel's decision about a path, for messages only."""
        real = os.path.realpath(path)
        shared = self.shared()
        own = self.own_places(Tenant("", tenant_directory))
        places = [*shared.write, *map(os.path.realpath, own), *shared.devices, SHARED_MEMORY]
        return any(is_under(real, place) for place in (places if write else (*places, *shared.read)))

    def is_new_model(self, path: str) -> bool:
        """Whether an unresolved path is in a folder of models. If so, its links are looked up before the next call."""
        found = any(is_under(os.path.normpath(path), folder) for folder in self.shared().models)
        if found:
            self._looked = float("-inf")
            self._must_look = True
        return found

    def generation(self) -> int:
        """Increases on each refresh of the shared places."""
        return self._generation

    def run(self, tenant: Tenant, work: Callable[[], object]) -> Future[Any]:
        """Runs `work` in a new confined thread, in a copy of the caller's context."""
        done: Future[Any] = Future()
        own_context = contextvars.copy_context()

        def begin() -> None:
            try:
                self.enter(tenant)
                found = work()
            except BaseException as error:  # noqa: B036 - raised by the future
                done.set_exception(error)
            else:
                done.set_result(found)

        threading.Thread(target=own_context.run, args=(begin,), name=f"for {tenant.directory}", daemon=True).start()
        return done

    async def call(self, tenant: Tenant, work: Callable[[], Awaitable[Any]]) -> Any:
        """Awaits `work` in a confined thread with its own event loop, without blocking the caller's loop."""
        return await asyncio.wrap_future(self._call(tenant, work))

    def submit(self, tenant: Tenant, work: Callable[[], object]) -> Future[Any]:
        """Runs `work` in a confined thread that is kept for the next call, as a pool does."""

        async def awaited() -> object:
            return work()

        return self._call(tenant, awaited)

    def _call(self, tenant: Tenant, work: Callable[[], Awaitable[Any]]) -> Future[Any]:
        with context.as_tenant(Housekeeping()):
            own = tuple(self.own_places(tenant).values())
        rules = (id(self.shared()), own)
        return self._workers.call(tenant.directory, rules, lambda: self.enter(tenant), work)
