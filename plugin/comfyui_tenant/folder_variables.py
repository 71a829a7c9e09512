"""Makes the variables `folder_paths.{input,output,temp}_directory` return the user's folders, as the functions do.

Node packs read these variables. In ComfyUI (0.3.75 and newer) they are plain module variables; its own functions still see the
shared folders in them.
"""

from __future__ import annotations

import types

from . import context
from .folders import Folders
from .hooks import Hook
from .tenant_path import KINDS

HOOKS = tuple(Hook("folder_paths", f"set_{kind}_directory", (f"{kind}_dir",)) for kind in KINDS)


def install(folders: Folders) -> None:
    import folder_paths

    names = {f"{kind}_directory": _variable(folders, kind) for kind in KINDS}
    folder_paths.__class__ = type("TenantFolderPaths", (types.ModuleType,), names)


def _variable(folders: Folders, kind: str) -> property:
    name = f"{kind}_directory"

    def read(module: types.ModuleType) -> str:
        tenant = context.current()
        return str(module.__dict__[name]) if tenant is None else folders.of(tenant, kind)

    def write(module: types.ModuleType, value: str) -> None:
        if context.current() is not None:
            raise PermissionError(13, f"comfy-tenant: folder_paths.{name} cannot be changed for all users", value)
        module.__dict__[name] = value

    return property(read, write)
