"""The numbers that fair turns and the estimate of the wait are based on."""

from __future__ import annotations

from collections import Counter

from .comfyui import QueueItem
from .durations import Durations, kind_of


class QueueStatistics:
    """Counts and start times of prompts. Guarded by the queue's lock."""

    def __init__(self) -> None:
        self.arrivals = 0
        self.own_counts: Counter[str] = Counter()
        self.now_served = 0
        # Item id → when it started (monotonic seconds), and its kind.
        self.started: dict[int, tuple[float, int]] = {}
        self.durations = Durations()

    def arrive(self, directory: str) -> tuple[int, int]:
        """The number of a new prompt among its user's prompts, and among all prompts."""
        self.arrivals += 1
        self.own_counts[directory] += 1
        return self.own_counts[directory], self.arrivals

    def start(self, item: QueueItem, item_id: int, now: float) -> None:
        self.now_served = item[0].round
        self.started[item_id] = (now, kind_of(item[2]))

    def end(self, item_id: int, now: float, *, completed: bool) -> None:
        found = self.started.pop(item_id, None)
        if found is not None and completed:
            started, kind = found
            self.durations.add(kind, now - started)
