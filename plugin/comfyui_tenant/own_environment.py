"""Separate temporary folders and caches per user, for confined code and the programs that it starts.

The environment is per process, so confined code gets different values for some of its variables. The wrapped functions are
Python's.
"""

from __future__ import annotations

import _posixsubprocess
import functools
import multiprocessing.util
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from . import confinement, context
from .comfyui import Function
from .context import Tenant
from .datasets import DATASETS
from .folders import Folders
from .hooks import Hook, wrap
from .left_processes import left
from .tenant_path import KINDS

HOOKS = (
    Hook("tempfile", "gettempdir", ()),
    Hook("multiprocessing.util", "get_temp_dir", ()),
)
# Caches of compiled code. Sharing them would let users run code as each other.
_CACHES = {
    "TRITON_CACHE_DIR": "triton",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
    "TORCH_EXTENSIONS_DIR": "torch-extensions",
    "NUMBA_CACHE_DIR": "numba",
    "MPLCONFIGDIR": "matplotlib",
    "CUDA_CACHE_PATH": "cuda",
}
_NOTHING: dict[str, str] = {}
_TMP = ("TMPDIR", "TMP", "TEMP")
# Read by prestartup_script.py in processes spawned by multiprocessing.
_OWN_FOLDER = "COMFY_TENANT_OWN_"


class OwnEnvironment:
    """The variables that differ for a user. Caches that the settings share are left as the operator set them."""

    def __init__(
        self, folders: Folders, names: tuple[str, str], shared_caches: tuple[str, ...], socket_folder: Callable[[str], str]
    ):
        """@param names the names of the folders for temporary files and for caches"""
        self._folders, (self._tmp, self._cache) = folders, names
        self._socket_folder = socket_folder
        self._shared = shared_caches
        self._worked: dict[str, str] = {}

    def tmp_of(self, directory: str) -> str:
        return self._folders.of(Tenant("", directory), self._tmp)

    @functools.lru_cache(maxsize=256)  # noqa: B019 - one instance lives as long as the process
    def of(self, directory: str) -> dict[str, str]:
        cache = self._folders.of(Tenant("", directory), self._cache)
        own = {name: os.path.join(cache, folder) for name, folder in _CACHES.items() if not self._is_shared(name)}
        return {**own, **dict.fromkeys(_TMP, self.tmp_of(directory)), **self._folders_of(directory)}

    def _folders_of(self, directory: str) -> dict[str, str]:
        return {_OWN_FOLDER + kind.upper(): self._folders.of(Tenant("", directory), kind) for kind in (*KINDS, DATASETS)}

    def _is_shared(self, name: str) -> bool:
        set_by_operator = _plain_get(name)
        if set_by_operator is None:
            return False
        real = os.path.realpath(set_by_operator)
        return any(real == place or real.startswith(place + os.sep) for place in map(os.path.realpath, self._shared))

    def multiprocessing_tmp(self, directory: str) -> str:
        made = self._worked.get(directory)
        if made is None or not os.path.isdir(made):
            made = self._worked[directory] = tempfile.mkdtemp(prefix="pymp-", dir=self._socket_folder(directory))
        return made


def _plain_get(name: str) -> str | None:
    environ: Any = os.environ
    found = environ._data.get(environ.encodekey(name))
    return None if found is None else str(environ.decodevalue(found))


def install(own: OwnEnvironment) -> None:
    class TenantEnviron(type(os.environ)):  # type: ignore[misc]
        def _own(self) -> dict[str, str]:
            directory = confinement.confined_as()
            return _NOTHING if directory is None else own.of(directory)

        def __getitem__(self, key: Any) -> Any:
            found = self._own().get(key)
            return super().__getitem__(key) if found is None else found

        def __iter__(self) -> Iterator[Any]:
            mine = self._own()
            yield from mine
            yield from (key for key in super().__iter__() if key not in mine)

        def __len__(self) -> int:
            return sum(1 for _ in self)

    # Only the class is replaced: many modules hold a reference to the object.
    os.environ.__class__ = TenantEnviron
    _wrap_temp(own)
    _wrap_programs()
    # Torch's pool of compile processes would start in one user's sandbox and compile for all users.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def _for_confined(path_of: Callable[[str], str | bytes]) -> Callable[[Function], Function]:
    """Returns the user's folder to confined code."""

    def make(original: Function) -> Function:
        def get() -> Any:
            directory = confinement.confined_as()
            return original() if directory is None else path_of(directory)

        return get

    return make


def _wrap_temp(own: OwnEnvironment) -> None:
    wrap(tempfile, "gettempdir", _for_confined(own.tmp_of))
    wrap(tempfile, "gettempdirb", _for_confined(lambda directory: os.fsencode(own.tmp_of(directory))))
    if hasattr(tempfile, "_gettempdir"):
        wrap(tempfile, "_gettempdir", _for_confined(own.tmp_of))
    wrap(multiprocessing.util, "get_temp_dir", _for_confined(own.multiprocessing_tmp))


def _wrap_programs() -> None:
    """Programs started by confined code inherit the user's environment instead of the process's."""
    import subprocess

    original = _posixsubprocess.fork_exec
    environment_at = 5

    def fork_exec(*args: Any) -> Any:
        if confinement.confined_as() is not None and args[environment_at] is None:
            own = [os.fsencode(key) + b"=" + os.fsencode(value) for key, value in os.environ.items()]
            args = (*args[:environment_at], own, *args[environment_at + 1 :])
        pid = original(*args)
        if pid:
            left.note(pid, context.current_run() is not None)
        return pid

    _posixsubprocess.fork_exec = fork_exec
    if hasattr(subprocess, "_fork_exec"):
        subprocess._fork_exec = fork_exec
    # `os.system` does not use Python's view of the environment.
    wrap(os, "system", _system)


def _system(original: Function) -> Function:
    import subprocess

    def system(command: Any) -> Any:
        if confinement.confined_as() is None:
            return original(command)
        status = subprocess.call(command, shell=True)
        return status << 8 if status >= 0 else -status

    return system
