"""The numbers that the fair order and the estimate of the wait are based on."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import NamedTuple

from .comfyui import Graph, PromptQueue, QueueItem
from .durations import Durations, kind_of
from .ownership import owner
from .shares import Shares
from .turns import Turn, rank, turn

# Seconds that a prompt is taken to need before any has completed.
UNKNOWN_SECONDS = 1.0


class Started(NamedTuple):
    """A running prompt. `at`, `arrived`: monotonic seconds."""

    at: float
    arrived: float
    kind: int
    directory: str
    weight: float


class QueueStatistics:
    """Counts and start times of prompts. Guarded by the queue's lock. @param clock monotonic seconds"""

    def __init__(self, shares: Shares, clock: Callable[[], float]) -> None:
        self.arrivals = 0
        self.own_counts: Counter[str] = Counter()
        # Item id → the running prompt.
        self.started: dict[int, Started] = {}
        self.durations = Durations()
        self.shares = shares
        self._clock = clock

    def arrive(self, directory: str, graph: Graph, weight: float) -> Turn:
        """The number of a user's new prompt."""
        self.arrivals += 1
        self.own_counts[directory] += 1
        return turn(self.own_counts[directory], self.arrivals, kind_of(graph), weight, self._clock())

    def start(self, item: QueueItem, item_id: int, now: float) -> None:
        self.started[item_id] = Started(now, item[0].arrived, item[0].kind, owner(item) or "", item[0].weight)

    def end(self, item_id: int, now: float, *, completed: bool) -> Started | None:
        found = self.started.pop(item_id, None)
        if found is None:
            return None
        seconds = now - found.at
        self.shares.add(found.directory, seconds, now, found.weight)
        self.shares.forget_spent(now)
        if completed:
            self.durations.add(found.kind, seconds)
        return found

    def order(self, queue: PromptQueue) -> None:
        """Puts ComfyUI's waiting prompts into the fair order: after a new prompt, and after one has ended."""
        now = self._clock()
        running: defaultdict[str, float] = defaultdict(float)
        for one in self.started.values():
            expected = self.durations.expected(one.kind, UNKNOWN_SECONDS)
            running[one.directory] += max(now - one.at, expected) / one.weight
        for item in queue.queue:
            item[0].cost = self.durations.expected(item[0].kind, UNKNOWN_SECONDS) / item[0].weight
        rank(
            [(item[0], owner(item) or "") for item in queue.queue],
            lambda directory: self.shares.of(directory, now) + running[directory],
        )
        heapq.heapify(queue.queue)
