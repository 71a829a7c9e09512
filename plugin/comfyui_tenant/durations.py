"""Estimates how long a prompt will take from earlier prompts of the same kind. Pure: the caller passes the time."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable

from .comfyui import Graph

KINDS = 1000
RUNS_OF_A_KIND = 5


def kind_of(graph: Graph) -> int:
    """Equal for prompts that should take equally long: same nodes and numbers, ignoring seeds and texts."""
    nodes = (
        (
            str(node.get("class_type")),
            frozenset(
                (name, value) for name, value in node.get("inputs", {}).items() if _is_number(value) and "seed" not in name
            ),
        )
        for node in graph.values()
    )
    return hash(frozenset(_counted(nodes)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _counted(nodes: Iterable[Hashable]) -> list[tuple[Hashable, int]]:
    counts: dict[Hashable, int] = {}
    for node in nodes:
        counts[node] = counts.get(node, 0) + 1
    return list(counts.items())


class Durations:
    """The last few durations of each kind, in seconds, of prompts that completed."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, deque[float]] = OrderedDict()
        # Of all kinds; None before the first.
        self._mean: float | None = None

    def add(self, kind: int, seconds: float) -> None:
        self._known.setdefault(kind, deque(maxlen=RUNS_OF_A_KIND)).append(seconds)
        self._known.move_to_end(kind)
        if len(self._known) > KINDS:
            self._known.popitem(last=False)
        self._mean = sum(map(max, self._known.values())) / len(self._known)

    def expected(self, kind: int, unknown: float) -> float:
        """The seconds that a prompt of a kind probably takes: the longest known, else the mean of all kinds, else `unknown`."""
        longest = max(self._known.get(kind, ()), default=0.0)
        if longest > 0.0:
            return longest
        return unknown if self._mean is None else self._mean

    def remaining(self, kind: int, elapsed: float = 0.0) -> float | None:
        """Seconds until a prompt that has run for `elapsed` seconds ends; None if no earlier one took longer.

        Uses the longest known duration, because shorter ones may have come from the cache.
        """
        longest = max(self._known.get(kind, ()), default=0.0)
        return longest - elapsed if longest > elapsed else None
