"""The processes that a prompt starts, so that they can be ended with it."""

from __future__ import annotations

import functools
import multiprocessing.process
import os
import subprocess
from collections.abc import Callable

from . import context
from .hooks import Hook, wrap
from .left_processes import left

HOOKS = (
    Hook("subprocess", "Popen.__init__", ("self", "args")),
    Hook("multiprocessing.process", "BaseProcess.start", ("self",)),
)
# Each returns the number of the new process; in the new process, 0.
_STARTERS = ("fork", "forkpty", "posix_spawn", "posix_spawnp")


def install() -> None:
    wrap(subprocess.Popen, "__init__", lambda original: _noted(original, _of_object))
    wrap(multiprocessing.process.BaseProcess, "start", lambda original: _noted(original, _of_object))
    for name in filter(functools.partial(hasattr, os), _STARTERS):
        wrap(os, name, lambda original: _noted(original, _of_result))
    if os.name == "posix":
        # The helpers of multiprocessing: the server that forks, and the one that counts resources.
        from multiprocessing import util

        wrap(util, "spawnv_passfds", lambda original: _noted(original, _of_result))


def _of_object(args: tuple, _result: object) -> int | None:
    return args[0].pid


def _of_result(_args: tuple, result: int | tuple[int, int]) -> int | None:
    return result[0] if isinstance(result, tuple) else result


def _noted(original: Callable, pid_of: Callable[[tuple, object], int | None]) -> Callable:
    def start(*args, **kwargs):
        result = original(*args, **kwargs)
        run, pid = context.current_run(), pid_of(args, result)
        # Without a number this is the new process, in which nothing is noted.
        if pid:
            left.note(pid, run is not None)
            if run is not None:
                run.add_process(pid)
        return result

    return start
