"""The wait as its user may see it: how many prompts come first and about how long, and nothing of what they are."""

from __future__ import annotations

import time

from .durations import kind_of
from .ownership import Ledger, owner


def wait_of(queue, ledger: Ledger, directory: str, now: float | None = None) -> dict:
    """For each prompt of a user, how many of anyone's go before it.

    `runningSeconds`: how long the prompt that runs has run. `etaSeconds`: until the first of theirs starts; None when it is
    not known how long one of those before it takes.
    """
    now = time.monotonic() if now is None else now
    with queue.mutex:
        running = list(queue.currently_running.items())
        waiting = sorted(queue.queue, key=lambda item: item[0])
        begun = [ledger.started[item_id] for item_id, _ in running if item_id in ledger.started]
        known = ledger.durations.remaining
        mine = [{"promptId": item[1], "state": "running", "ahead": 0} for _, item in running if owner(item) == directory]
        is_running = bool(mine)
        for place, item in enumerate(waiting):
            if owner(item) == directory:
                mine.append({"promptId": item[1], "state": "waiting", "ahead": len(running) + place})
        ahead = mine[0]["ahead"] if mine else len(running) + len(waiting)
        before = waiting[: max(0, ahead - len(running))]
        seconds = [] if ahead == 0 else [known(kind, now - started) for started, kind in begun]
        seconds += [known(kind_of(item[2])) for item in before]
    eta = None if None in seconds else round(sum(seconds), 1)
    return {
        "running": is_running,
        "ahead": ahead,
        "mine": mine,
        "runningSeconds": round(max((now - started for started, _ in begun), default=0.0), 1) if running else None,
        "etaSeconds": eta,
    }
