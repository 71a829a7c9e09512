"""A folder with a short name per user, for the sockets of multiprocessing: on Linux, their paths have at most 107 bytes."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from . import forks

# multiprocessing appends /pymp-12345678/listener-12345678.
_ROOM = 107 - 34


class SocketFolders:
    def __init__(self) -> None:
        self._made: dict[str, str] = {}
        self._lock = forks.new_lock()
        # The server's own folder: read before `gettempdir` is wrapped.
        self._parent = tempfile.gettempdir()
        self._pid = os.getpid()
        atexit.register(self._remove)

    def of(self, directory: str, tmp: str) -> str:
        """The user's temporary folder, or one with a shorter path. The server creates it, because prompts may not."""
        if len(os.fsencode(tmp)) <= _ROOM:
            return tmp
        with self._lock:
            made = self._made.get(directory)
            if made is None or not os.path.isdir(made):
                made = self._made[directory] = tempfile.mkdtemp(prefix="ct-", dir=self._parent)
            return made

    def _remove(self) -> None:
        # Forked processes of prompts also run this.
        if os.getpid() == self._pid:
            for folder in self._made.values():
                shutil.rmtree(folder, ignore_errors=True)
