"""Keeps a forked process from holding what other threads were using when it was forked.

A fork copies one thread, but all locks and open files. A lock that another thread holds would stay locked in the new process.
And a pipe that another thread uses to start a program, or to write to one, would stay open in the new process: its reader would
wait forever for the end.
"""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from . import confinement, context
from .comfyui import Function
from .context import Tenant
from .hooks import wrap

_locks: weakref.WeakSet[Any] = weakref.WeakSet()
# Held while a pipe is created and while a process is forked, so that every pipe is in the table when that happens.
_making = threading.Lock()
_local = threading.local()
# Pipes of threads that are starting a process: descriptor → thread, inode. A descriptor may have been reused.
_pipes: dict[int, tuple[int, int]] = {}
# Programs with an open standard input → the user who started them.
_inputs: weakref.WeakKeyDictionary[subprocess.Popen[Any], str | None] = weakref.WeakKeyDictionary()


def new_lock() -> threading.Lock:
    """A lock that is free in a forked process."""
    made = threading.Lock()
    _locks.add(made)
    return made


@functools.cache
def install() -> None:
    if hasattr(os, "register_at_fork"):
        wrap(os, "pipe", _recording)
        os.register_at_fork(before=_making.acquire, after_in_parent=_making.release, after_in_child=_in_child)


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """While the calling thread starts a process, no other process gets its pipes."""
    if getattr(_local, "starting", False):
        yield
        return
    _local.starting = True
    try:
        yield
    finally:
        _local.starting = False
        thread = threading.get_ident()
        for descriptor in [descriptor for descriptor, (owner, _) in list(_pipes.items()) if owner == thread]:
            _pipes.pop(descriptor, None)


def started(program: object) -> None:
    if isinstance(program, subprocess.Popen) and program.stdin is not None:
        _inputs[program] = confinement.confined_as()


def _recording(original: Function) -> Callable[[], tuple[int, int]]:
    def pipe() -> tuple[int, int]:
        if not getattr(_local, "starting", False):
            return original()  # type: ignore[no-any-return]
        with _making:
            made: tuple[int, int] = original()
            _pipes.update({end: (threading.get_ident(), os.fstat(end).st_ino) for end in made})
        return made

    return pipe


def _in_child() -> None:
    _making.release()
    for lock in list(_locks):
        lock._at_fork_reinit()
    tenant = context.current()
    if tenant is not None and tenant.run is not None:
        # The threads and processes of this process are not those of the prompt.
        context.enter(Tenant(tenant.user_id, tenant.directory, tenant.operator))
    _close_pipes_of_others(threading.get_ident(), confinement.confined_as())


def _close_pipes_of_others(thread: int, directory: str | None) -> None:
    for descriptor, (owner, inode) in list(_pipes.items()):
        with contextlib.suppress(OSError):
            if owner != thread and os.fstat(descriptor).st_ino == inode:
                os.close(descriptor)
    _pipes.clear()
    for program, user in list(_inputs.items()):
        with contextlib.suppress(OSError, ValueError):
            if user != directory and program.stdin is not None:
                os.close(program.stdin.fileno())
