"""Fair order of the queue: users take turns; within one user's prompts, the user decides the order. Pure.

The round of a prompt is the round now being served plus the number of the user's prompts ahead of it. The queue serves the
lowest round first, and within a round the earliest prompt. A new user therefore waits for at most one prompt of each other
user, however many those have queued.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Turn(int):
    """The number of a queue item. Its value counts the user's prompts; it is ordered by round, then arrival."""

    round: int
    arrival: int

    @property
    def _order(self) -> tuple[int, int]:
        return (self.round, self.arrival)

    def __eq__(self, other: object) -> bool:
        return self._order == other._order if isinstance(other, Turn) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return self._order != other._order if isinstance(other, Turn) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._order > other._order if isinstance(other, Turn) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._order < other._order if isinstance(other, Turn) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._order)


def turn(own_count: int, round: int, arrival: int) -> Turn:
    made = Turn(own_count)
    made.round, made.arrival = round, arrival
    return made


def next_round(own_waiting: Iterable[Turn], own_is_running: bool, now_served: int) -> int:
    """The round of a user's new prompt."""
    first_free = now_served + 1 if own_is_running else now_served
    return max([first_free, *(waiting.round + 1 for waiting in own_waiting)])


def put_first(new: Turn, own_waiting: Sequence[Turn]) -> None:
    """Moves a new prompt to the front of the user's waiting prompts; each of those moves back by one place."""
    ordered = [*sorted(own_waiting, key=lambda waiting: waiting._order), new]
    places = [place._order for place in ordered]
    for moved, place in zip([new, *ordered[:-1]], places, strict=True):
        moved.round, moved.arrival = place
