"""How much a user stores, and whether they may store more."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from .context import Tenant
from .datasets import DATASETS
from .folders import Folders
from .settings import Settings

COUNTED = ("input", "output", DATASETS)
FRESH_SECONDS = 5.0


def bytes_below(folder: str) -> int:
    """The bytes of all files below a folder; links are not followed."""
    total, waiting = 0, [folder]
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


class Quota:
    """Whether a user may store more. A byte count is reused for a few seconds; uploads in progress are included."""

    def __init__(
        self, settings: Settings, folders: Folders, clock: Callable[[], float] = time.monotonic, disks: Sequence[str] = ()
    ):
        """@param disks more folders on disks that must not be full"""
        self._settings = settings
        self._disks = (folders.root, *disks)
        self._folders = folders
        self._clock = clock
        self._counted: dict[str, tuple[float, int]] = {}
        self._pending: Counter[str] = Counter()
        self._lock = threading.RLock()

    @property
    def counts(self) -> bool:
        """Whether there is a quota."""
        return self._settings.quota_bytes is not None

    @property
    def limit(self) -> int | None:
        """Bytes per user; None without a quota."""
        return self._settings.quota_bytes

    def why_full(self, more: int) -> str | None:
        """Why no user can store `more` bytes, or None."""
        kept = self._settings.min_free_bytes
        if kept and any(shutil.disk_usage(disk).free - more < kept for disk in self._disks):
            return "the server's disk is almost full: nothing can be stored until the operator frees space"
        return None

    def used(self, tenant: Tenant) -> int:
        """The bytes under a user's input and output."""
        counted = self._counted.get(tenant.directory)
        if counted is None or self._clock() - counted[0] > FRESH_SECONDS:
            counted = self._counted[tenant.directory] = (self._clock(), self.stored(tenant.directory))
        return counted[1]

    def stored(self, directory: str) -> int:
        """The bytes of a user's directory now. Creates no folder: the user may have been removed."""
        return sum(bytes_below(os.path.join(self._folders.root, directory, kind)) for kind in COUNTED)

    def reserve(self, tenant: Tenant, more: int) -> str | None:
        """Why this user cannot store `more` bytes; None if they were reserved, until `release`."""
        quota = self._settings.quota_bytes
        with self._lock:
            pending = self._pending[tenant.directory]
            if quota is not None:
                used = self.used(tenant) + pending
                if used + max(more, 1) > quota:
                    return f"your storage is full: {used} of {quota} bytes used; delete some of your inputs or outputs"
            why = self.why_full(more)
            if why is not None:
                return why
            self._pending[tenant.directory] = pending + more
            return None

    def release(self, tenant: Tenant, more: int) -> None:
        """Ends a reservation, whether or not the bytes were stored."""
        with self._lock:
            self._pending[tenant.directory] -= more
            if self._pending[tenant.directory] <= 0:
                del self._pending[tenant.directory]
            self._counted.pop(tenant.directory, None)
