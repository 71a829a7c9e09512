"""Which user's sandbox the calling thread is in. Set once for a thread, and handed down to the threads that it starts."""

from __future__ import annotations

import threading

_local = threading.local()


def confined_as() -> str | None:
    """The directory name of the user to whom the thread is confined; None for a thread of the server."""
    return getattr(_local, "directory", None)


def mark(directory: str | None) -> None:
    """Says that the calling thread is confined. The kernel holds whether or not this is known here."""
    if directory is not None:
        _local.directory = directory
