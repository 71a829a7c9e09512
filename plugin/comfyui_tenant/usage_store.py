"""What each prompt used, in an SQLite file among the users' folders, so that it survives restarts.

The file may be shared by several ComfyUIs on one machine. It is written by one thread, so that a slow or full disk never holds
up a prompt; a prompt that cannot be recorded is logged.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import sqlite3
import threading
import time
from contextlib import closing
from typing import NamedTuple

from . import context

NAME = ".usage.sqlite"
KEPT_DAYS = 400
BUSY_SECONDS = 10.0
COLLECT_SECONDS = 0.2
_DAY = 86400.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS prompts (
    ended REAL NOT NULL, user TEXT NOT NULL, directory TEXT NOT NULL, prompt TEXT NOT NULL, request TEXT,
    waited REAL NOT NULL, seconds REAL NOT NULL, result TEXT NOT NULL, comfyui TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_end ON prompts (ended);
CREATE INDEX IF NOT EXISTS by_user ON prompts (directory, ended);
"""


class PromptUse(NamedTuple):
    """One finished prompt. `ended`: seconds since 1970; `waited`, `seconds`: in the queue, and on the GPU."""

    ended: float
    user: str
    directory: str
    prompt: str
    request: str | None
    waited: float
    seconds: float
    # success, error or interrupted
    result: str
    # The running ComfyUI.
    comfyui: str


class UserUse(NamedTuple):
    user: str
    directory: str
    prompts: int
    failed: int
    gpu_seconds: float
    waited_seconds: float


class UsageStore:
    """@param root the users' folders. @raises sqlite3.Error, OSError if the file cannot be used"""

    def __init__(self, root: str):
        self.path = os.path.join(root, NAME)
        try:
            self._create()
        except (sqlite3.Error, OSError) as failed:
            raise type(failed)(
                f"{self.path}: the record of used GPU time cannot be opened: {failed}: repair or remove it"
            ) from failed
        # The day on which old prompts were last removed.
        self._cleaned: float | None = None
        self._waiting: queue.SimpleQueue[PromptUse | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._write_all, name="comfy-tenant usage", daemon=True).start()
        atexit.register(self._flush_at_exit, os.getpid())

    def _create(self) -> None:
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(self._connect()) as file, file:
            file.executescript(_SCHEMA)

    def add(self, use: PromptUse) -> None:
        self._waiting.put(use)

    def flush(self) -> None:
        """Waits until everything added so far is stored or reported, unless the file is in use for long."""
        done = threading.Event()
        self._waiting.put(done)
        done.wait(BUSY_SECONDS)

    def _flush_at_exit(self, pid: int) -> None:
        # A forked process has no thread that writes.
        if os.getpid() == pid:
            self.flush()

    def by_user(self, since: float) -> list[UserUse]:
        """The sums of each user's prompts that ended after a time, most GPU time first."""
        sums = """SELECT max(user), directory, count(*), sum(result != 'success'), sum(seconds), sum(waited)
            FROM prompts WHERE ended >= ? GROUP BY directory ORDER BY sum(seconds) DESC"""
        with closing(self._open()) as file:
            return [UserUse(*row) for row in file.execute(sums, (since,))]

    def seconds_of(self, directory: str, since: float, until: float) -> float:
        """A user's GPU seconds of prompts that ended between two times."""
        asked = "SELECT coalesce(sum(seconds), 0) FROM prompts WHERE directory = ? AND ended >= ? AND ended < ?"
        with closing(self._open()) as file:
            return float(file.execute(asked, (directory, since, until)).fetchone()[0])

    def ends(self, since: float) -> list[tuple[str, float, float]]:
        """Directory, GPU seconds and end of each prompt that ended after a time, in that order."""
        with closing(self._open()) as file:
            asked = "SELECT directory, seconds, ended FROM prompts WHERE ended >= ? ORDER BY ended"
            return list(file.execute(asked, (since,)))

    def _open(self) -> sqlite3.Connection:
        if not os.path.exists(self.path):
            logging.error("comfy-tenant: %s was removed: recording in a new file", self.path)
            self._create()
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_SECONDS)

    def _write_all(self) -> None:
        context.enter(context.Housekeeping())
        while True:
            uses, done = self._next()
            try:
                self._write(uses)
            except Exception:
                self._write_each(uses)
            if done is not None:
                done.set()

    def _next(self) -> tuple[list[PromptUse], threading.Event | None]:
        """The prompts that end within a short time, because a transaction costs more than a short prompt; a `flush` ends it."""
        uses: list[PromptUse] = []
        until = None
        while True:
            try:
                found = self._waiting.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except queue.Empty:
                return uses, None
            if isinstance(found, threading.Event):
                return uses, found
            uses.append(found)
            until = until or time.monotonic() + COLLECT_SECONDS

    def _write_each(self, uses: list[PromptUse]) -> None:
        """No prompt may end the thread that records all others, or hide them."""
        for use in uses:
            try:
                self._write([use])
            except Exception:
                logging.exception("comfy-tenant: the use of prompt %s of %s could not be recorded", use.prompt, use.user)

    def _write(self, uses: list[PromptUse]) -> None:
        if not uses:
            return
        day = uses[-1].ended // _DAY
        with closing(self._open()) as file, file:
            file.executemany("INSERT INTO prompts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", uses)
            if day != self._cleaned:
                file.execute("DELETE FROM prompts WHERE ended < ?", (uses[-1].ended - KEPT_DAYS * _DAY,))
        self._cleaned = day
