"""Owners of queue items, and what is known of past prompts."""

from __future__ import annotations

from collections import Counter

from . import context
from .durations import Durations, kind_of

OWNER = "comfy_tenant"


class TooManyQueued(Exception):
    """The user has as many prompts waiting as one user may have."""


class PromptIdTaken(Exception):
    """Another user's prompt has this id."""


def owner(item) -> str | None:
    """The directory of the user that a queue item, or the `prompt` of a history entry, belongs to."""
    extra = item[3] if len(item) > 3 else None
    return extra.get(OWNER) if isinstance(extra, dict) else None


def history_owner(entry: dict) -> str | None:
    return owner(entry["prompt"])


def is_visible(directory: str | None) -> bool:
    """Whether the running code may see what belongs to a user: its own, all for operators and for the server itself."""
    tenant = context.current()
    return tenant is None or tenant.operator or directory == tenant.directory


class Ledger:
    """The running numbers behind fair turns and the estimate of the wait. Guarded by the queue's lock."""

    def __init__(self) -> None:
        self.arrivals = 0
        self.own_counts: Counter[str] = Counter()
        self.now_served = 0
        # When each running item began, and what kind it is.
        self.started: dict[int, tuple[float, int]] = {}
        self.durations = Durations()

    def arrive(self, directory: str) -> tuple[int, int]:
        """The user's own number of a new prompt, and its place in the order of arrival."""
        self.arrivals += 1
        self.own_counts[directory] += 1
        return self.own_counts[directory], self.arrivals

    def start(self, item, item_id: int, now: float) -> None:
        self.now_served = item[0].round
        self.started[item_id] = (now, kind_of(item[2]))

    def end(self, item_id: int, now: float, *, completed: bool) -> None:
        found = self.started.pop(item_id, None)
        if found is not None and completed:
            started, kind = found
            self.durations.add(kind, now - started)
