"""The plugin's state as `GET /_tenant/plugin` shows it, for the gateway's checks."""

from __future__ import annotations

from .comfyui import Json
from .key_file import KeyFile
from .run_limits import RunLimits
from .startup_checks import EARLY, LATE
from .worker import Worker


def state_of(source: KeyFile, worker: Worker, limits: RunLimits) -> Json:
    from comfyui_version import __version__

    keys = source.keys()
    # A mismatch would have stopped the start.
    count = len(EARLY + LATE)
    return {
        "comfyui": __version__,
        "key": keys.fingerprint,
        "keyFile": source.kind,
        "audience": keys.audience,
        "sharedKey": keys.shared_fingerprint,
        "hooks": {"fit": count, "all": count},
        "worker": {
            "alive": worker.alive,
            # An abandoned prompt has the same cost as a restarted worker.
            "restarts": worker.restarts + limits.times_given_up,
            "runningSeconds": limits.running_seconds(),
            "givenUp": len(limits.given_up),
        },
    }
