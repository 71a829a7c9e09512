"""Replaces ComfyUI's input, output and temp folders with the current user's.

Installed by the prestartup script, before any ComfyUI module can import the original functions with `from … import`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Any

from . import context
from .comfyui import Function
from .context import Tenant
from .hooks import Hook, wrap
from .library import INPUT, Library, serving
from .tenant_path import KINDS, is_below

HOOKS = (
    Hook("folder_paths", "get_input_directory", ()),
    Hook("folder_paths", "get_output_directory", ()),
    Hook("folder_paths", "get_temp_directory", ()),
    Hook("folder_paths", "get_user_directory", ()),
    Hook("folder_paths", "get_directory_by_type", ("type_name",)),
    Hook("folder_paths", "annotated_filepath", ("name",)),
    Hook("folder_paths", "get_annotated_filepath", ("name", "default_dir")),
    Hook("folder_paths", "exists_annotated_filepath", ("name",)),
    Hook("folder_paths", "get_save_image_path", ("filename_prefix", "output_dir", "image_width", "image_height")),
)


# Separate for each ComfyUI process. `tmp` holds temporary files of libraries and programs.
TEMPORARY = ("temp", "tmp")


class Folders:
    """The folders of every user: `<root>/<directory>/{input,output,temp/<instance>}`."""

    def __init__(self, root: str, instance: str = ""):
        """@param instance the name of this ComfyUI's folder in each user's temp"""
        self.root = os.path.abspath(root)
        self.library = Library(None)
        self._instance = instance

    def of(self, tenant: Tenant, kind: str) -> str:
        """A user's folder, created if missing."""
        path = os.path.join(self.root, tenant.directory, kind)
        if kind in TEMPORARY and self._instance:
            path = os.path.join(path, self._instance)
        if not _is_folder(path):
            os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def holds(self, tenant: Tenant, path: str) -> bool:
        """Whether a path, after resolving links, is in one of the user's folders."""
        with context.as_tenant(context.Housekeeping()):
            real = os.path.realpath(path)
            return any(is_below(real, os.path.realpath(self.of(tenant, kind)), os.sep) for kind in KINDS)


# The unwrapped function, because it is called for every path: stat_guard.py replaces `os.stat`.
_stat = os.stat


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(_stat(path).st_mode)
    except OSError:
        return False


def install(folders: Folders) -> None:
    import folder_paths

    for kind in KINDS:
        wrap(folder_paths, f"get_{kind}_directory", _directory_of(folders, kind))
    wrap(folder_paths, "get_annotated_filepath", _contained(folders))
    wrap(folder_paths, "exists_annotated_filepath", _exists(folders))


def _directory_of(folders: Folders, kind: str) -> Callable[[Function], Function]:
    """ComfyUI returns the shared folder. Changed: the user's. ComfyUI 0.3.75 and newer."""

    def make(original: Function) -> Function:
        def get_directory() -> str:
            tenant = context.current()
            if tenant is None:
                return str(original())
            return (kind == INPUT and serving.get()) or folders.of(tenant, kind)

        return get_directory

    return make


def _contained(folders: Folders) -> Callable[[Function], Function]:
    """ComfyUI resolves any file name of a graph, in older versions also `../x`. Changed: it must be in the user's folders.
    ComfyUI 0.3.75 and newer.
    """

    def make(original: Function) -> Function:
        def get_annotated_filepath(name: str, default_dir: str | None = None) -> Any:
            path = original(name, default_dir)
            tenant = context.current()
            shared = None if tenant is None else _of_library(folders, name)
            if shared is not None and not os.path.exists(path):
                return shared
            if tenant is not None and not folders.holds(tenant, path):
                raise ValueError(f"{name}: must be a file in your input, output or temp folder")
            return path

        return get_annotated_filepath

    return make


def _exists(folders: Folders) -> Callable[[Function], Function]:
    """As `_contained`: a file outside the user's folders does not exist. ComfyUI 0.3.75 and newer."""

    def make(original: Function) -> Function:
        def exists_annotated_filepath(name: str) -> Any:
            import folder_paths

            tenant = context.current()
            if tenant is not None:
                bare, base = folder_paths.annotated_filepath(name)
                if _of_library(folders, name) is not None:
                    return True
                if not folders.holds(tenant, os.path.join(base or folder_paths.get_input_directory(), bare)):
                    return False
            return original(name)

        return exists_annotated_filepath

    return make


def _of_library(folders: Folders, name: str) -> str | None:
    """The file of the library that a graph names, such as `library/desk.png` or `library/desk.png [input]`."""
    bare = name.removesuffix(" [input]")
    return folders.library.find(INPUT, bare) if isinstance(bare, str) else None
