"""How long prompts took, by what they are, and how long others like them may take. Pure: the clock is the caller's."""

from __future__ import annotations

from collections import OrderedDict, deque

KINDS = 1000
RUNS_OF_A_KIND = 5


def kind_of(graph: dict) -> int:
    """The same for prompts that should take as long: the same nodes with the same numbers, seeds and texts aside."""
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


def _counted(nodes) -> list[tuple]:
    counts: dict = {}
    for node in nodes:
        counts[node] = counts.get(node, 0) + 1
    return list(counts.items())


class Durations:
    """The last few durations of each kind, in seconds, of prompts that ran to their end."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, deque[float]] = OrderedDict()

    def add(self, kind: int, seconds: float) -> None:
        self._known.setdefault(kind, deque(maxlen=RUNS_OF_A_KIND)).append(seconds)
        self._known.move_to_end(kind)
        if len(self._known) > KINDS:
            self._known.popitem(last=False)

    def remaining(self, kind: int, elapsed: float = 0.0) -> float | None:
        """Seconds until a prompt that has run for `elapsed` ends; None when no known one took longer.

        The longest known one is taken: one that was answered from the cache says nothing of the next.
        """
        longest = max(self._known.get(kind, ()), default=0.0)
        return longest - elapsed if longest > elapsed else None
