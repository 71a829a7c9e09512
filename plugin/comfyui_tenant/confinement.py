"""Which user's sandbox the calling thread is in. Set once per thread, and inherited by the threads that it starts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any

_local = threading.local()
# Runs the work of a request on the user's files in a confined thread, instead of the server's pool.
file_work: ContextVar[Callable[[Callable[[], object]], Future[Any]] | None] = ContextVar("comfy_tenant_file_work", default=None)


def confined_as() -> str | None:
    """The directory name of the user to which the thread is confined; None for a thread of the server."""
    return getattr(_local, "directory", None)


def mark(directory: str | None) -> None:
    """Marks the calling thread as confined. The kernel enforces it independently of this mark."""
    if directory is not None:
        _local.directory = directory
