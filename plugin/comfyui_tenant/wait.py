"""The wait as its user may see it: how many prompts come first and about how long, and nothing of what they are."""

from __future__ import annotations

from .ledger import Ledger, owner


def wait_of(queue, ledger: Ledger, directory: str) -> dict:
    """For each prompt of a user, how many of anyone's go before it. `etaSeconds`: until the first of theirs starts."""
    with queue.mutex:
        running = list(queue.currently_running.values())
        waiting = sorted(queue.queue, key=lambda item: item[0])
        mean = ledger.mean_seconds()
    mine = [{"promptId": item[1], "state": "running", "ahead": 0} for item in running if owner(item) == directory]
    is_running = bool(mine)
    for place, item in enumerate(waiting):
        if owner(item) == directory:
            mine.append({"promptId": item[1], "state": "waiting", "ahead": len(running) + place})
    ahead = mine[0]["ahead"] if mine else len(running) + len(waiting)
    eta = None if mean is None else round(mean * ahead, 1)
    return {"running": is_running, "ahead": ahead, "mine": mine, "etaSeconds": eta}
