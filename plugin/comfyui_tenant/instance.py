"""Separate temp folders for each running ComfyUI that shares the users' folders; removes those of stopped ones.

Each start has a name and a file that is locked while it runs. On a network file system, locks of other machines may be
invisible. Their files count as abandoned only when they are also old; a running ComfyUI touches its file.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import sys
import threading
import time
from contextlib import suppress

from . import context
from .folders import TEMPORARY
from .tenant_path import is_directory

LOCKS = ".instances"
TOUCH_SECONDS = 60.0
ABANDONED_SECONDS = 3600.0
_NAME = re.compile(r"i-[0-9a-f]{16}")


class Instance:
    """One running ComfyUI."""

    def __init__(self, root: str):
        self.name = f"i-{secrets.token_hex(8)}"
        self._root = root
        self._folder = os.path.join(root, LOCKS)
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        self._path = os.path.join(self._folder, self.name)
        # Renamed to its final name once locked, or another start would treat it as abandoned.
        unlocked = self._path if os.name == "nt" else self._path + ".new"
        # Kept open: the lock is held until the process ends.
        self._file = open(unlocked, "w", encoding="utf-8")  # noqa: SIM115
        _lock(self._file.fileno())
        self._file.write(socket.gethostname())
        self._file.flush()
        if unlocked != self._path:
            os.replace(unlocked, self._path)

    def keep_touching(self) -> None:
        def touch() -> None:
            while True:
                time.sleep(TOUCH_SECONDS)
                with suppress(OSError), context.as_tenant(context.Housekeeping()):
                    os.utime(self._path)

        threading.Thread(target=touch, name="comfy-tenant instance", daemon=True).start()

    def empty_left_temp(self) -> None:
        """Removes the files of stopped ComfyUIs from the users' temp folders."""
        with context.as_tenant(context.Housekeeping()):
            living = {self.name}
            for name in filter(_NAME.fullmatch, os.listdir(self._folder)):
                if name != self.name and not self._is_gone(name):
                    living.add(name)
            for directory in filter(is_directory, os.listdir(self._root)):
                for kind in TEMPORARY:
                    _empty(os.path.join(self._root, directory, kind), living)
            for name in filter(_NAME.fullmatch, os.listdir(self._folder)):
                if name not in living:
                    with suppress(OSError):
                        os.remove(os.path.join(self._folder, name))

    def _is_gone(self, name: str) -> bool:
        path = os.path.join(self._folder, name)
        try:
            with open(path, "r+", encoding="utf-8") as file:
                if not _lock(file.fileno()):
                    return False
                if file.read() == socket.gethostname():
                    return True
                return time.time() - os.stat(path).st_mtime > ABANDONED_SECONDS
        except FileNotFoundError:
            return True
        except OSError:
            return False


def _empty(temp: str, living: set[str]) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(temp):
            if name in living:
                continue
            path = os.path.join(temp, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    os.remove(path)


def _lock(descriptor: int) -> bool:
    """Tries to lock an open file. Returns whether it succeeded."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
