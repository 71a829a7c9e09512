"""Confines the thread that calls `enter` to one user's files, by the kernel where it can.

What stays outside, and why: the server's event loop, which serves everyone; the worker, which waits for prompts and frees
the memory of models between them; threads that node packs start when they are imported, for no user. Each prompt, its
validation, the lists of nodes and the handlers of prompts run in threads that call `enter` first.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future

from . import confinement, context, landlock
from .confined_workers import Workers
from .context import Housekeeping, Tenant
from .datasets import DATASETS
from .folders import Folders
from .sandbox_policy import SHARED_MEMORY, Layout, Links, devices, is_under, readable_places, writable_places
from .socket_folders import SocketFolders
from .tenant_path import KINDS

_stat = os.stat
# Of a user's own, beside input, output and temp.
OWN_TMP, OWN_CACHE = "tmp", "cache"
_REMEMBERED_USERS = 1000
# A model that was linked into its folder, or a folder that a pack has added, is readable after this long.
_FRESH_SECONDS = 10.0


class Shared:
    """What every prompt may read, and what every prompt may write, at one time."""

    def __init__(self, version: int | None, layout: Layout, links: Links):
        self.read, self.write = tuple(readable_places(layout, links)), tuple(writable_places(layout))
        self.devices = tuple(devices())
        self.models = layout.models
        wanted = [
            *((path, landlock.READ) for path in self.read),
            *((path, landlock.WRITE) for path in self.write),
            *((path, landlock.DEVICE) for path in self.devices),
            (SHARED_MEMORY, landlock.SHARED_MEMORY),
        ]
        self.places = [] if version is None else landlock.places_of(version, wanted)

    @property
    def key(self) -> tuple:
        return self.read, self.write, self.devices, self.models


class Sandbox:
    """One for the process. `version` is the kernel's Landlock ABI; None: `reason` says why there is none."""

    def __init__(self, folders: Folders, user_directory: str, layout: Callable[[], Layout]):
        self._folders = folders
        self._user_directory = os.path.abspath(user_directory)
        self._layout = layout
        self._lock = threading.Lock()
        self._own: dict[str, list[str]] = {}
        self._workers = Workers()
        self._socket_folders = SocketFolders()
        self._links = Links()
        self._shared: Shared | None = None
        self._looked = float("-inf")
        self._must_look = False
        self._generation = 0
        self.version: int | None = None
        self.reason = ""
        try:
            self.version = landlock.abi()
            _try_in_a_thread(self.version)
        except (landlock.Unavailable, OSError) as error:
            self.version, self.reason = None, str(error)

    @property
    def isolation(self) -> str:
        """One line for people."""
        if self.version is None:
            return f"Python only ({self.reason})"
        return f"kernel (Landlock ABI {self.version})"

    def own_places(self, tenant: Tenant) -> dict[str, int]:
        """The folders that belong to a user, made when they are missing, and their inodes: one that is made anew is another."""
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

    def shared(self) -> Shared:
        """What every prompt may use; looked up anew from time to time, and meanwhile as it was."""
        now = time.monotonic()
        with self._lock:
            if self._shared is not None and now - self._looked <= _FRESH_SECONDS:
                return self._shared
            self._looked = now
            if self._shared is None or (self._must_look and confinement.confined_as() is None):
                self._must_look = False
                self._look()
            elif confinement.confined_as() is None:
                threading.Thread(target=self._look, name="comfy-tenant places", daemon=True).start()
            return self._shared

    def _look(self) -> None:
        with context.as_tenant(Housekeeping()):
            found = Shared(self.version, self._layout(), self._links)
        self._generation += 1
        # The one before is kept while nothing has changed, with its open descriptors.
        if self._shared is None or self._shared.key != found.key:
            self._shared = found

    def enter(self, tenant: Tenant) -> None:
        """Confines the calling thread for good. @raises OSError when the kernel does not do it: nothing may run then"""
        if confinement.confined_as() is not None:
            raise RuntimeError("this thread is confined already")
        with context.as_tenant(Housekeeping()):
            own = self.own_places(tenant)
            if self.version is not None:
                self._restrict(own)
        confinement.mark(tenant.directory)

    def _restrict(self, own: Iterable[str]) -> None:
        places = landlock.places_of(self.version, [(path, landlock.WRITE) for path in own])
        ruleset = landlock.make_ruleset(self.version, [*self.shared().places, *places])
        try:
            landlock.restrict_this_thread(self.version, ruleset)
        finally:
            os.close(ruleset)
            for place in places:
                place.close()

    def allows(self, tenant_directory: str, path: str, write: bool) -> bool:
        """What the kernel will say of a path, for messages. Its answer is the one that holds."""
        real = os.path.realpath(path)
        shared = self.shared()
        own = self.own_places(Tenant("", tenant_directory))
        places = [*shared.write, *map(os.path.realpath, own), *shared.devices, SHARED_MEMORY]
        return any(is_under(real, place) for place in (places if write else (*places, *shared.read)))

    def is_new_model(self, path: str) -> bool:
        """Whether a path lies, as it is written, among the models. What links lead there is looked up before the next call."""
        found = any(is_under(os.path.normpath(path), folder) for folder in self.shared().models)
        if found:
            self._looked = float("-inf")
            self._must_look = True
        return found

    def generation(self) -> int:
        """Grows whenever the shared places have been looked up."""
        return self._generation

    def run(self, tenant: Tenant, work: Callable[[], object]) -> Future:
        """Runs `work` in a new confined thread, in a copy of the caller's context."""
        done: Future = Future()
        own_context = contextvars.copy_context()

        def begin() -> None:
            try:
                self.enter(tenant)
                found = work()
            except BaseException as error:  # noqa: B036 - handed to whoever waits
                done.set_exception(error)
            else:
                done.set_result(found)

        threading.Thread(target=own_context.run, args=(begin,), name=f"for {tenant.directory}", daemon=True).start()
        return done

    async def call(self, tenant: Tenant, work: Callable[[], Awaitable]) -> object:
        """Awaits `work` in a confined thread with an event loop of its own; the caller's loop goes on meanwhile."""
        return await asyncio.wrap_future(self._give(tenant, work))

    def submit(self, tenant: Tenant, work: Callable[[], object]) -> Future:
        """As a pool's: runs `work` in a confined thread that is kept for the next call."""

        async def awaited() -> object:
            return work()

        return self._give(tenant, awaited)

    def _give(self, tenant: Tenant, work: Callable[[], Awaitable]) -> Future:
        with context.as_tenant(Housekeeping()):
            own = tuple(self.own_places(tenant).values())
        rules = (id(self.shared()), own)
        return self._workers.call(tenant.directory, rules, lambda: self.enter(tenant), work)


def _try_in_a_thread(version: int) -> None:
    """Whether a thread can really restrict itself here: a container's seccomp profile may forbid it."""
    faults: list[BaseException] = []

    def restrict() -> None:
        try:
            ruleset = landlock.make_ruleset(version, [])
            try:
                landlock.restrict_this_thread(version, ruleset)
            finally:
                os.close(ruleset)
            _expect_refusal()
        except BaseException as error:  # noqa: B036 - raised below
            faults.append(error)

    thread = threading.Thread(target=restrict)
    thread.start()
    thread.join()
    if faults:
        logging.debug("comfy-tenant: Landlock was tried", exc_info=faults[0])
        raise landlock.Unavailable(f"Landlock cannot be used here: {faults[0]}")


def _expect_refusal() -> None:
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:
        return
    raise landlock.Unavailable("a thread that restricted itself went on reading files")
