"""Model folders below ComfyUI's output folder, such as `output/loras`, where nodes save models: each user has their own.

ComfyUI registers them at startup, when there is no user. A user's loaders, combo lists and `/models` routes see the user's
folder in their place, after the shared ones.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from . import context
from .comfyui import Function
from .context import Tenant
from .datasets import DATASETS
from .folders import Folders
from .hooks import Hook, wrap
from .tenant_path import KINDS, is_below

HOOKS = (
    Hook("folder_paths", "get_filename_list", ("folder_name",)),
    Hook("folder_paths", "map_legacy", ("folder_name",)),
    Hook("folder_paths", "filter_files_extensions", ("files", "extensions")),
)
# While ComfyUI makes the list that it caches for everyone.
_shared_only: ContextVar[bool] = ContextVar("comfy_tenant_shared_only", default=False)


class ModelFolders(dict[str, Any]):
    """`folder_paths.folder_names_and_paths`: kind of model → (folders, extensions)."""

    def __init__(self, known: dict[str, Any], folders: Folders):
        super().__init__(known)
        self._folders = folders

    def __getitem__(self, name: str) -> Any:
        return self._seen(super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 - it would call itself

    def values(self) -> Any:
        return [self[name] for name in self]

    def items(self) -> Any:
        return [(name, self[name]) for name in self]

    def own(self, tenant: Tenant, name: str) -> Iterator[str]:
        """A user's folders of this kind. They may not exist."""
        for path in super().__getitem__(name)[0]:
            own = self._own_path(tenant, path)
            if own is not None:
                yield own

    def _seen(self, entry: Any) -> Any:
        tenant, shared_only = context.current(), _shared_only.get()
        if tenant is None and not shared_only or not any(map(_shared_folder_of, entry[0])):
            # The list itself: packs add folders to it.
            return entry
        if tenant is None or shared_only:
            return [path for path in entry[0] if _shared_folder_of(path) is None], *entry[1:]
        return [self._own_path(tenant, path) or path for path in entry[0]], *entry[1:]

    def _own_path(self, tenant: Tenant, path: str) -> str | None:
        found = _shared_folder_of(path)
        return None if found is None else os.path.normpath(os.path.join(self._folders.of(tenant, found[0]), found[1]))


def _shared_folder_of(path: str) -> tuple[str, str] | None:
    """Which of ComfyUI's shared folders a path is in, and where in it."""
    import folder_paths

    shared = tuple((kind, folder_paths.__dict__[f"{kind}_directory"]) for kind in KINDS)
    return _place_in(os.path.abspath(path), (*shared, (DATASETS, f"{folder_paths.base_path}/{DATASETS}")))


@functools.lru_cache(maxsize=4096)
def _place_in(path: str, shared_folders: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
    # Remembered, because the node list asks for the same few folders hundreds of times.
    for kind, folder in shared_folders:
        shared = os.path.abspath(folder)
        if is_below(path, shared, os.sep):
            return kind, os.path.relpath(path, shared)
    return None


def install(folders: Folders) -> None:
    import folder_paths

    known = ModelFolders(folder_paths.folder_names_and_paths, folders)
    folder_paths.folder_names_and_paths = known
    wrap(folder_paths, "get_filename_list", lambda original: _names(original, known))


def _names(original: Function, known: ModelFolders) -> Function:
    """ComfyUI lists all folders of a kind, and caches the list for everyone. Changed: the list has the shared models only, and
    the user's own are added to it. ComfyUI 0.3.75 and newer.
    """

    def get_filename_list(folder_name: str) -> Any:
        import folder_paths

        token = _shared_only.set(True)
        try:
            names = original(folder_name)
        finally:
            _shared_only.reset(token)
        tenant, name = context.current(), folder_paths.map_legacy(folder_name)
        if tenant is None or name not in known:
            return names
        found = {file for folder in known.own(tenant, name) for file in _files_in(folder)}
        return sorted({*names, *folder_paths.filter_files_extensions(found, known[name][1])}) if found else names

    return get_filename_list


def _files_in(folder: str) -> Iterator[str]:
    """Without links, which can lead to other users' files."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                yield os.path.relpath(path, folder)


def names_own(tenant: Tenant, values: Any) -> bool:
    """Whether one of a node's inputs names a model of the user, so that its result is not for everyone."""
    import folder_paths

    known = folder_paths.folder_names_and_paths
    if not isinstance(known, ModelFolders):
        return False
    own = {folder for name in known for folder in known.own(tenant, name)}
    texts = [value for value in values if isinstance(value, str) and value and "\0" not in value]
    return any(os.path.lexists(os.path.join(folder, text.replace("\\", "/"))) for folder in own for text in texts)
