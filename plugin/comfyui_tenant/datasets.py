"""Gives each user their own datasets: newer ComfyUI versions store training data in one shared folder."""

from __future__ import annotations

import os
from typing import Any

from . import context
from .comfyui import Function
from .context import Tenant
from .folders import Folders
from .hooks import Hook, wrap

# The name of the folder, in ComfyUI and for each user.
DATASETS = "datasets"
HOOKS = (
    Hook("folder_paths", "get_folder_paths", ("folder_name",)),
    Hook("folder_paths", "get_filename_list", ("folder_name",)),
)


def install(folders: Folders) -> None:
    import folder_paths

    wrap(folder_paths, "get_folder_paths", lambda original: _paths(original, folders))
    wrap(folder_paths, "get_filename_list", lambda original: _names(original, folders))


def _paths(original: Function, folders: Folders) -> Function:
    """ComfyUI returns the shared folder. Changed: the user's, for datasets. The function is in ComfyUI 0.3.75 and newer."""

    def get_folder_paths(folder_name: str) -> Any:
        found, tenant = original(folder_name), context.current()
        return found if folder_name != DATASETS or tenant is None else [folders.of(tenant, DATASETS)]

    return get_folder_paths


def _names(original: Function, folders: Folders) -> Function:
    """ComfyUI lists the shared folder and caches the list. Changed: the user's files, for datasets. The function is in ComfyUI
    0.3.75 and newer.
    """

    def get_filename_list(folder_name: str) -> Any:
        tenant = context.current()
        return original(folder_name) if folder_name != DATASETS or tenant is None else _files_in(folders, tenant)

    return get_filename_list


def _files_in(folders: Folders, tenant: Tenant) -> list[str]:
    own = folders.of(tenant, DATASETS)
    return sorted(os.path.relpath(os.path.join(folder, name), own) for folder, _, names in os.walk(own) for name in names)
