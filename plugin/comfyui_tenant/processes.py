"""Records the processes that a prompt starts, so that they can be ended with it. The wrapped functions are Python's."""

from __future__ import annotations

import functools
import multiprocessing.process
import os
import subprocess
from collections.abc import Callable
from typing import Any

from . import context, forks
from .comfyui import Function
from .hooks import Hook, wrap
from .left_processes import left

HOOKS = (
    Hook("subprocess", "Popen.__init__", ("self", "args")),
    Hook("multiprocessing.process", "BaseProcess.start", ("self",)),
)
# Each returns the new process's id; in the new process, 0.
_STARTERS = ("fork", "forkpty", "posix_spawn", "posix_spawnp")


def install() -> None:
    forks.install()
    wrap(subprocess.Popen, "__init__", lambda original: _recording(original, _of_object))
    wrap(multiprocessing.process.BaseProcess, "start", lambda original: _recording(original, _of_object))
    for name in filter(functools.partial(hasattr, os), _STARTERS):
        wrap(os, name, lambda original: _recording(original, _of_result))
    if os.name == "posix":
        # The helper processes of multiprocessing: fork server and resource tracker.
        from multiprocessing import util

        wrap(util, "spawnv_passfds", lambda original: _recording(original, _of_result))


def _of_object(args: tuple[Any, ...], _result: Any) -> Any:
    return args[0].pid


def _of_result(_args: tuple[Any, ...], result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


def _recording(original: Function, pid_of: Callable[[tuple[Any, ...], Any], Any]) -> Function:
    """Adds the started process to the running prompt.

    @param pid_of the process id, from the arguments and the result of the call
    """

    def start(*args: Any, **kwargs: Any) -> Any:
        with forks.starting():
            result = original(*args, **kwargs)
        forks.started(args[0] if args else None)
        run, pid = context.current_run(), pid_of(args, result)
        # A pid of 0 means that this is the new process.
        if pid:
            left.note(pid, run is not None)
            if run is not None:
                run.add_process(pid)
        return result

    return start
