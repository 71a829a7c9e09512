"""SIGTERM ends ComfyUI at once. It has no handler for it, and the first process of a container ignores it without one."""

from __future__ import annotations

import logging
import os
import signal
import threading

# After so long, what does not end by itself is left.
PATIENCE_SECONDS = 1.0
# As a shell reports a process that SIGTERM has ended.
EXIT_CODE = 128 + signal.SIGTERM


def install() -> None:
    """Unless something else handles the signal."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)


def _end(_number, _frame) -> None:
    # Once is enough; a second signal must not disturb the end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.info("comfy-tenant: SIGTERM: ComfyUI ends")
    watchdog = threading.Timer(PATIENCE_SECONDS, os._exit, [EXIT_CODE])
    watchdog.daemon = True
    watchdog.start()
    # ComfyUI's main program ends at it, as at Ctrl-C.
    raise KeyboardInterrupt
