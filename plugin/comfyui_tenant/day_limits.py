"""The GPU time that a user may use in a day. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .comfyui import Json

DAY = 86400


def day_start(now: float) -> float:
    """The start of the UTC day, in seconds since 1970."""
    return now - now % DAY


@dataclass(frozen=True)
class DayUse:
    """A user's GPU seconds today, and the limits. @param now seconds since 1970"""

    used: float
    soft: float | None
    hard: float | None
    now: float

    @property
    def is_over(self) -> bool:
        return self.hard is not None and self.used >= self.hard

    @property
    def resets_in(self) -> int:
        """Seconds, rounded up."""
        return int(day_start(self.now) + DAY - self.now) + 1

    def as_json(self) -> Json:
        hard = self.hard
        return {
            "usedSeconds": round(self.used, 1),
            "softSeconds": self.soft,
            "hardSeconds": hard,
            "remaining": None if hard is None else round(max(0.0, hard - self.used), 1),
            "resetsAt": int(day_start(self.now)) + DAY,
            "notice": self.soft is not None and self.used >= self.soft,
        }
