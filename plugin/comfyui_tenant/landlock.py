"""The system calls of Landlock, with which a Linux thread permanently gives up access to files. The policy is elsewhere.

Every thread and program that a restricted thread starts inherits the restriction. See landlock(7).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import stat
import struct
import sys
from collections.abc import Callable, Iterable

# System call numbers; the same on all architectures except alpha.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_QUERY_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
# Denied probes by libraries would flood the kernel's log; the plugin logs denials itself. ABI 7 and newer.
_NO_LOG = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR, MAKE_REG = (1 << n for n in range(9))
MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV, RESOLVE_UNIX = (1 << n for n in range(9, 17))
_ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV | RESOLVE_UNIX

READ = EXECUTE | READ_FILE | READ_DIR
WRITE = (
    WRITE_FILE | READ_FILE | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM
) | (REFER | TRUNCATE | RESOLVE_UNIX)
DEVICE = READ_FILE | WRITE_FILE | READ_DIR | TRUNCATE | IOCTL_DEV
# Files may be created and opened by name, but not listed: other users' names are random.
SHARED_MEMORY = READ_FILE | WRITE_FILE | MAKE_REG | REMOVE_FILE | TRUNCATE

_ABSTRACT_SOCKETS, _SIGNALS = 1, 2
# ABI → the file rights that it adds.
_SINCE = {1: MAKE_SYM * 2 - 1, 2: REFER, 3: TRUNCATE, 5: IOCTL_DEV, 9: RESOLVE_UNIX}
_SCOPES_SINCE = 6
_LOG_FLAGS_SINCE = 7


class Unavailable(Exception):
    """Landlock cannot be used on this system; the message is the reason."""


def _syscall(number: int, *args: object) -> int:
    libc = _libc()
    found: int = libc.syscall(ctypes.c_long(number), *args)
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return found


@functools.lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@functools.lru_cache(maxsize=1)
def _adder() -> Callable[..., int]:
    # PyDLL keeps the interpreter's lock: the call is shorter than a thread switch.
    call = ctypes.PyDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_long]
    return call


def abi() -> int:
    """The version of Landlock in the running kernel, 1 or more. @raises Unavailable"""
    if sys.platform != "linux":
        raise Unavailable(f"{sys.platform} has no Landlock")
    try:
        return _syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_QUERY_VERSION))
    except OSError as error:
        if error.errno == errno.ENOSYS:
            raise Unavailable("the kernel has no Landlock: Linux 5.13 or newer is needed") from error
        if error.errno == errno.EOPNOTSUPP:
            raise Unavailable("Landlock is turned off: add landlock to the kernel's lsm= list") from error
        raise Unavailable(f"Landlock is not allowed here: {error.strerror}") from error


def rights_of(version: int) -> int:
    """The rights on files that a version knows."""
    known = 0
    for since, rights in _SINCE.items():
        if since <= version:
            known |= rights
    return known


# The unwrapped function.
_open = os.open


class Place:
    """An existing file or folder with the rights to grant. Kept open, so that it cannot be replaced."""

    _descriptor = -1

    def __init__(self, version: int, path: str, rights: int):
        self.path = path
        self._descriptor = _open(path, os.O_PATH | os.O_CLOEXEC)
        rights &= rights_of(version)
        if not stat.S_ISDIR(os.fstat(self._descriptor).st_mode):
            # The kernel rejects folder rights on a file.
            rights &= _ON_FILES
        self._rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, self._descriptor), 12)
        self.rule = ctypes.addressof(self._rule) if rights else None

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    __del__ = close


def places_of(version: int, wanted: Iterable[tuple[str, int]]) -> list[Place]:
    """The wanted places that exist."""
    found = []
    for path, rights in wanted:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found.append(Place(version, path, rights))
    return found


def make_ruleset(version: int, places: Iterable[Place]) -> int:
    """Creates rules that grant the given rights at these places and below, and nothing else; returns their descriptor."""
    scopes = _ABSTRACT_SOCKETS | _SIGNALS if version >= _SCOPES_SINCE else 0
    # A kernel accepts a structure that is longer than it knows if the rest is zero.
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", rights_of(version), 0, scopes), 24)
    ruleset = _syscall(_CREATE, attributes, ctypes.c_size_t(24), ctypes.c_uint32(0))
    try:
        add = _adder()
        for place in places:
            if place.rule is not None and add(_ADD, ruleset, _PATH_BENEATH, place.rule, 0) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), place.path)
    except BaseException:
        os.close(ruleset)
        raise
    return ruleset


def restrict_this_thread(version: int, ruleset: int) -> None:
    """Permanently restricts the calling thread, and every thread and program that it starts from now on."""
    if _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs cannot be set")
    flags = _NO_LOG if version >= _LOG_FLAGS_SINCE else 0
    _syscall(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(flags))
