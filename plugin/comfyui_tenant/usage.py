"""Records what each prompt used, and says how much a user has used today."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from . import context
from .comfyui import Json, PromptQueue
from .context import Tenant
from .day_limits import DAY, DayUse, day_start
from .ownership import REQUEST, USER_ID, owner
from .probe_users import is_probe_user
from .queue_statistics import Started
from .settings import Settings
from .shares import Shares
from .usage_store import PromptUse, UsageStore

# Older use has no weight in the order of the queue.
_HALF_LIVES = 12


class UseUnknown(Exception):
    """The file cannot be read, so what a user has used is unknown."""


class Usage:
    """@param name this running ComfyUI; @param clock seconds since 1970; @param monotonic as `Started.at`"""

    def __init__(
        self,
        store: UsageStore,
        settings: Settings,
        name: str,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._store, self._settings, self._name = store, settings, name
        self._clock, self._monotonic = clock, monotonic
        # Since this start.
        self.prompts, self.failed, self.gpu_seconds = 0, 0, 0.0

    def recall(self, shares: Shares) -> None:
        """Takes over the use before this start."""
        now, offset = self._clock(), self._clock() - self._monotonic()
        for directory, seconds, ended in self._store.ends(now - _HALF_LIVES * self._settings.share_half_life_seconds):
            # A clock that was set back may leave times in the future.
            shares.add(directory, seconds, min(ended, now) - offset)

    def finished(self, item: Any, started: Started, result: str) -> None:
        """Records a prompt, unless it is one of `comfy-tenant verify`. @param result success, error or interrupted"""
        now = self._monotonic()
        extra = item[3]
        use = PromptUse(
            ended=self._clock(),
            user=extra.get(USER_ID, ""),
            directory=owner(item) or "",
            prompt=_text(item[1]),
            request=None if extra.get(REQUEST) is None else _text(extra[REQUEST]),
            waited=round(started.at - started.arrived, 3),
            seconds=round(now - started.at, 3),
            result=result,
            comfyui=self._name,
        )
        if not is_probe_user(use.user):
            self._store.add(use)
        self.prompts, self.failed = self.prompts + 1, self.failed + (result != "success")
        self.gpu_seconds += use.seconds
        # JSON, because ids are chosen by users.
        line = {"user": use.user, "prompt": use.prompt, "request": use.request, "result": result}
        logging.info("comfy-tenant: prompt %s", json.dumps({**line, "seconds": use.seconds, "waited": use.waited}))

    def today(self, tenant: Tenant) -> DayUse:
        """Reads the file, so not for the event loop. @raises UseUnknown"""
        limits, now = self._settings.gpu_seconds_per_day, self._clock()
        # A clock that was set back has left times in the future, which are not today's.
        start = day_start(now)
        with context.as_tenant(context.Housekeeping()):
            try:
                used = self._store.seconds_of(tenant.directory, start, start + DAY)
            except (sqlite3.Error, OSError) as failed:
                logging.error("comfy-tenant: %s cannot be read: %s: repair or remove it", self._store.path, failed)
                raise UseUnknown from failed
        return DayUse(used, limits.get("soft"), limits.get("hard"), now)

    @property
    def has_limits(self) -> bool:
        return bool(self._settings.gpu_seconds_per_day)

    def report(self, since: float, bytes_of: Callable[[str], int]) -> list[Json]:
        """Each user's use after a time. Reads files, so not for the event loop. @param bytes_of by user id"""
        if context.current() is not None:
            raise PermissionError("comfy-tenant: only the gateway may read everyone's use")
        with context.as_tenant(context.Housekeeping()):
            self._store.flush()
            return [
                {
                    "user": use.user,
                    "prompts": use.prompts,
                    "failed": use.failed,
                    "gpuSeconds": round(use.gpu_seconds, 1),
                    "waitedSeconds": round(use.waited_seconds, 1),
                    "bytes": bytes_of(use.user),
                }
                for use in self._store.by_user(since)
            ]


def _text(value: object) -> str:
    """An id from outside, as SQLite can store it: without the surrogates of bytes that are not UTF-8."""
    return str(value).encode("utf-8", "replace").decode()


def queue_state(queue: PromptQueue, monotonic: float) -> Json:
    """How many prompts wait and run, how long the oldest has waited, and whose they are."""
    with queue.mutex:
        waiting, running = list(queue.queue), list(queue.currently_running.values())
    users: dict[str, dict[str, int]] = {}
    for state, items in (("waiting", waiting), ("running", running)):
        for item in items:
            counts = users.setdefault(item[3].get(USER_ID) or "", {"waiting": 0, "running": 0})
            counts[state] += 1
    return {
        "waiting": len(waiting),
        "running": len(running),
        "oldestWaitSeconds": round(max((monotonic - item[0].arrived for item in waiting), default=0.0), 1),
        "users": [{"user": user, **counts} for user, counts in users.items()],
    }
