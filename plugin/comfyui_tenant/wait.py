"""The wait as the user may see it: how many prompts are ahead and for about how long, but nothing about them."""

from __future__ import annotations

import time

from .comfyui import Json, PromptQueue
from .ownership import owner
from .queue_statistics import QueueStatistics


def wait_of(queue: PromptQueue, statistics: QueueStatistics, directory: str, now: float | None = None) -> Json:
    """For each prompt of a user, how many prompts of all users are ahead of it.

    `runningSeconds`: how long the running prompt has run. `etaSeconds`: until the user's first prompt starts; None if the
    duration of a prompt ahead of it is unknown.
    """
    now = time.monotonic() if now is None else now
    with queue.mutex:
        running = list(queue.currently_running.items())
        waiting = sorted(queue.queue, key=lambda item: item[0])
        starts = [statistics.started[item_id] for item_id, _ in running if item_id in statistics.started]
        known = statistics.durations.remaining
        mine: list[Json] = [
            {"promptId": item[1], "state": "running", "ahead": 0} for _, item in running if owner(item) == directory
        ]
        is_running = bool(mine)
        for place, item in enumerate(waiting):
            if owner(item) == directory:
                mine.append({"promptId": item[1], "state": "waiting", "ahead": len(running) + place})
        ahead = mine[0]["ahead"] if mine else len(running) + len(waiting)
        before = waiting[: max(0, ahead - len(running))]
        seconds: list[float | None] = [] if ahead == 0 else [known(one.kind, now - one.at) for one in starts]
        seconds += [known(item[0].kind) for item in before]
    known_seconds = [one for one in seconds if one is not None]
    eta = round(sum(known_seconds), 1) if len(known_seconds) == len(seconds) else None
    return {
        "running": is_running,
        "ahead": ahead,
        "mine": mine,
        "runningSeconds": round(max((now - one.at for one in starts), default=0.0), 1) if running else None,
        "etaSeconds": eta,
    }
