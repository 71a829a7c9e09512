"""SIGTERM ends ComfyUI at once. It has no handler for it, and the first process of a container ignores it without one."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading

# After so long, what does not end by itself is left.
PATIENCE_SECONDS = 1.0
# As a shell reports a process that SIGTERM has ended.
EXIT_CODE = 128 + signal.SIGTERM
_pid = os.getpid()


def install() -> None:
    """Unless something else handles the signal."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)
        atexit.register(_leave)


def _leave() -> None:
    """Once all has been closed, nothing is taken down: it takes torch many seconds."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN and os.getpid() == _pid:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_CODE)


def _end(_number, _frame) -> None:
    # Once is enough; a second signal must not disturb the end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.info("comfy-tenant: SIGTERM: ComfyUI ends")
    watchdog = threading.Timer(PATIENCE_SECONDS, os._exit, [EXIT_CODE])
    watchdog.daemon = True
    watchdog.start()
    if hasattr(signal, "setitimer"):
        # The kernel's own: libraries that take long to be taken down keep the interpreter's lock, and so stop the thread above.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 3 * PATIENCE_SECONDS)
    # ComfyUI's main program ends at it, as at Ctrl-C.
    raise KeyboardInterrupt
