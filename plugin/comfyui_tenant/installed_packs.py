"""The node packs, profiles and folders of this ComfyUI."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

from . import context
from .folders import Folders
from .layout import private_places
from .pack_routes import PackRoutes, refused_lines
from .packs import find_packs
from .profiles import read_profiles, with_profiles
from .server_paths import ServerPaths
from .settings import Settings
from .tenant_path import KINDS

_PLUGIN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def installed_routes(settings: Settings, folders: Folders, private: Callable[[], Iterable[str]]) -> PackRoutes:
    import folder_paths

    profiles, errors = read_profiles()
    packs = with_profiles(find_packs(folder_paths.get_folder_paths("custom_nodes"), _PLUGIN), profiles)
    refused = refused_lines(profiles, settings.allow_routes)
    return PackRoutes(
        packs, profiles, settings.allow_routes, lambda: (*private_places(folders.root), *private()), (*errors, *refused)
    )


def server_paths(folders: Folders) -> ServerPaths:
    import folder_paths

    def own() -> list[tuple[str, str]]:
        tenant = context.current()
        return [] if tenant is None else [(folders.of(tenant, kind), kind) for kind in KINDS]

    code = os.path.dirname(os.path.abspath(folder_paths.__file__))
    shared = [(folder_paths.base_path, "ComfyUI"), (code, "ComfyUI"), (folders.root, "tenants")]
    places = [(sys.prefix, "python"), (sys.base_prefix, "python"), (os.path.expanduser("~"), "~")]
    # Not places such as /usr and /root, which say nothing about this server.
    return ServerPaths([*shared, *(place for place in places if place[0].count(os.sep) > 1 and place[0] != "/usr/local")], own)
