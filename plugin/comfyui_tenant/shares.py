"""How much GPU time each user has had lately, for the fair order of the queue. Pure: the caller passes the time.

Used seconds lose half of their weight in each half-life, as in Slurm's and AWS Batch's fair share, so that a long video
counts as much as many images, and yesterday's counts for little.
"""

from __future__ import annotations

import math

LOOK_SECONDS = 60.0


class Shares:
    """Decayed GPU seconds by user, divided by the user's weight. @param half_life seconds"""

    def __init__(self, half_life: float):
        self._half_life = half_life
        # Directory → seconds as of the time of the last change.
        self._used: dict[str, tuple[float, float]] = {}
        self._looked = -math.inf

    def add(self, directory: str, seconds: float, at: float, weight: float = 1.0) -> None:
        """Counts GPU seconds that ended at a time, which may be before the last change."""
        used, since = self._used.get(directory, (0.0, at))
        latest = max(since, at)
        total = self._decayed(used, latest - since) + self._decayed(max(0.0, seconds) / weight, latest - at)
        self._used[directory] = (total, latest)

    def of(self, directory: str, now: float) -> float:
        used, since = self._used.get(directory, (0.0, now))
        return self._decayed(used, max(0.0, now - since))

    def forget_spent(self, now: float) -> None:
        """Drops users whose use no longer matters, so that the number of former users does not grow without limit.
        It looks at all users, so only once in a while."""
        if now < self._looked + LOOK_SECONDS:
            return
        self._looked = now
        self._used = {directory: used for directory, used in self._used.items() if self.of(directory, now) >= 0.001}

    def _decayed(self, seconds: float, elapsed: float) -> float:
        # Beyond 1000 half-lives, the power would underflow.
        return seconds * math.pow(0.5, min(1000.0, elapsed / self._half_life))
