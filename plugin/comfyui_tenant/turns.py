"""Fair order of the queue: the user with the least recent GPU time is next; within one user's prompts, the user decides. Pure.

The rank of a prompt is the GPU time that its user has had, plus that of the user's own prompts ahead of it, as far as it can
be estimated. The queue serves the lowest rank first, and at equal ranks the earliest prompt. With equal users and equally long
prompts, users therefore take turns, and a new user waits for at most the running prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence


class Turn(int):
    """The number of a queue item. Its value counts the user's prompts; it is ordered by rank, then arrival."""

    # Of the prompt among its user's prompts; the lowest is next.
    place: int
    arrival: int
    # See durations.py. Kept here, because the order is computed often.
    kind: int
    # Estimated seconds, divided by the user's weight.
    cost: float
    weight: float
    rank: float
    # Monotonic seconds.
    arrived: float

    @property
    def _order(self) -> tuple[float, int]:
        return (self.rank, self.arrival)

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


def turn(own_count: int, arrival: int, kind: int = 0, weight: float = 1.0, arrived: float = 0.0) -> Turn:
    made = Turn(own_count)
    made.place, made.arrival, made.kind, made.weight, made.arrived = arrival, arrival, kind, weight, arrived
    made.cost, made.rank = 0.0, 0.0
    return made


def put_first(new: Turn, own_waiting: Iterable[Turn]) -> None:
    """Makes a new prompt the next one among the user's waiting prompts."""
    new.place = min([new.place, *(waiting.place - 1 for waiting in own_waiting)])


def rank(waiting: Sequence[tuple[Turn, str]], used: Callable[[str], float]) -> None:
    """Ranks all waiting prompts.

    @param waiting each prompt with its user, and with its cost set
    @param used a user's GPU time so far, including the running prompt, divided by the weight
    """
    ahead: dict[str, float] = {}
    for one, user in sorted(waiting, key=lambda found: found[0].place):
        so_far = ahead.get(user)
        # Rounded: what is left of last week's use must not decide.
        one.rank = round(used(user) if so_far is None else so_far, 2)
        ahead[user] = one.rank + one.cost
