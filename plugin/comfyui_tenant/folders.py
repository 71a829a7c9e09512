"""Input, output and temp of the current user in place of ComfyUI's shared folders.

Installed by the prestartup script, before anything of ComfyUI can take the original functions by `from … import`.
"""

from __future__ import annotations

import os

from . import context
from .context import Tenant
from .hooks import Hook, wrap
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


class Folders:
    """The folders of every user: `<root>/<directory>/{input,output,temp/<instance>}`."""

    def __init__(self, root: str, instance: str = ""):
        """@param instance the folder in each user's temp that is this ComfyUI's"""
        self.root = os.path.abspath(root)
        self._instance = instance

    def of(self, tenant: Tenant, kind: str) -> str:
        """A user's folder, made when it is missing."""
        path = os.path.join(self.root, tenant.directory, kind)
        if kind == "temp" and self._instance:
            path = os.path.join(path, self._instance)
        if not os.path.isdir(path):
            os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def holds(self, tenant: Tenant, path: str) -> bool:
        """Whether a path, with links followed, is in one of the user's folders."""
        real = os.path.realpath(path)
        return any(is_below(real, os.path.realpath(self.of(tenant, kind)), os.sep) for kind in KINDS)


def install(folders: Folders) -> None:
    import folder_paths

    for kind in KINDS:
        wrap(folder_paths, f"get_{kind}_directory", _directory_of(folders, kind))
    wrap(folder_paths, "get_annotated_filepath", _contained(folders))
    wrap(folder_paths, "exists_annotated_filepath", _exists(folders))


def _directory_of(folders: Folders, kind: str):
    def make(original):
        def get_directory() -> str:
            tenant = context.current()
            return original() if tenant is None else folders.of(tenant, kind)

        return get_directory

    return make


def _contained(folders: Folders):
    def make(original):
        def get_annotated_filepath(name, default_dir=None):
            path = original(name, default_dir)
            tenant = context.current()
            if tenant is not None and not folders.holds(tenant, path):
                raise ValueError(f"{name}: must name a file in your own input, output or temp folder")
            return path

        return get_annotated_filepath

    return make


def _exists(folders: Folders):
    def make(original):
        def exists_annotated_filepath(name):
            import folder_paths

            tenant = context.current()
            if tenant is not None:
                bare, base = folder_paths.annotated_filepath(name)
                if not folders.holds(tenant, os.path.join(base or folder_paths.get_input_directory(), bare)):
                    return False
            return original(name)

        return exists_annotated_filepath

    return make
