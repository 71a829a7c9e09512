"""Stops ComfyUI on SIGTERM. ComfyUI has no handler, and without one the first process of a container ignores the signal."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
from types import FrameType

# After this long, the process exits even if something still runs.
PATIENCE_SECONDS = 1.0
# The exit code that a shell reports for SIGTERM.
EXIT_CODE = 128 + signal.SIGTERM
_pid = os.getpid()


def install() -> None:
    """Does nothing if the signal already has a handler."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)
        atexit.register(_leave)


def _leave() -> None:
    """Once all has been closed, nothing is taken down: it takes torch many seconds."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN and os.getpid() == _pid:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_CODE)


def _end(_number: int, _frame: FrameType | None) -> None:
    # A second signal must not interrupt the shutdown.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.info("comfy-tenant: received SIGTERM; stopping ComfyUI")
    watchdog = threading.Timer(PATIENCE_SECONDS, os._exit, [EXIT_CODE])
    watchdog.daemon = True
    watchdog.start()
    if hasattr(signal, "setitimer"):
        # A timer of the kernel: libraries that are slow to shut down hold the interpreter's lock, and so stop the thread above.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 3 * PATIENCE_SECONDS)
    # As on Ctrl-C, ComfyUI's main program exits.
    raise KeyboardInterrupt
