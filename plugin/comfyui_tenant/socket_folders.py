"""A folder of each user's own with a short name, for the sockets of multiprocessing: Linux takes names of 107 bytes at most."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading

# What multiprocessing adds: /pymp-12345678/listener-12345678.
_ROOM = 107 - 34


class SocketFolders:
    def __init__(self) -> None:
        self._made: dict[str, str] = {}
        self._lock = threading.Lock()
        # Asked for before it is wrapped, and where it is the server's own.
        self._parent = tempfile.gettempdir()
        self._pid = os.getpid()
        atexit.register(self._remove)

    def of(self, directory: str, tmp: str) -> str:
        """The user's temporary folder, or where its name is too long, a shorter one. Made by the server: prompts cannot."""
        if len(os.fsencode(tmp)) <= _ROOM:
            return tmp
        with self._lock:
            made = self._made.get(directory)
            if made is None or not os.path.isdir(made):
                made = self._made[directory] = tempfile.mkdtemp(prefix="ct-", dir=self._parent)
            return made

    def _remove(self) -> None:
        # Forked processes of prompts end here too.
        if os.getpid() == self._pid:
            for folder in self._made.values():
                shutil.rmtree(folder, ignore_errors=True)
