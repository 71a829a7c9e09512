"""Runs a program as on a kernel without Landlock: `python without_landlock.py program arguments…`.

A seccomp filter answers its system calls with ENOSYS, as older kernels do. Programs that it starts inherit it.
"""

import ctypes
import os
import struct
import sys

_LOAD_NUMBER, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ENOSYS = 0x7FFF0000, 0x00050000 | 38
_CREATE_RULESET = 444


def forbid_landlock() -> None:
    steps = [
        (_LOAD_NUMBER, 0, 0, 0),
        (_JUMP_IF_EQUAL, 0, 1, _CREATE_RULESET),
        (_RETURN, 0, 0, _ENOSYS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter was not installed")


if __name__ == "__main__":
    forbid_landlock()
    os.execv(sys.argv[1], sys.argv[1:])
