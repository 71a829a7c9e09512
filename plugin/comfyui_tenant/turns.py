"""Whose turn it is: users take turns, and within one user's prompts the order is their own. Pure.

A turn's round is the count of prompts of the same user that go before it, counted from the round now served. The queue
serves the smallest round first, and within a round the prompt that came first. So someone who comes late waits for one
prompt of each user at most, however many one of them has queued.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Turn(int):
    """The number of a queue item. Its value is the user's own count of prompts; its order is the round, then the arrival."""

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
    """Lets a new prompt take the place of the user's first waiting one, which takes that of the second, and so on."""
    ordered = [*sorted(own_waiting, key=lambda waiting: waiting._order), new]
    places = [place._order for place in ordered]
    for moved, place in zip([new, *ordered[:-1]], places, strict=True):
        moved.round, moved.arrival = place
