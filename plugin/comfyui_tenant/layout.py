"""The folders that this ComfyUI and this Python use, for the sandbox policy."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Callable, Iterable

from .sandbox_policy import Layout, is_under
from .settings import Settings, SettingsError

# In the home of the OS user that runs ComfyUI: fonts, and models that libraries store there.
_IN_HOME = (".fonts", ".local/share/fonts", ".insightface", ".u2net", ".nv/ComputeCache")


def layout_of(settings: Settings, tenants: str, private: Callable[[], Iterable[str]]) -> Callable[[], Layout]:
    """A function that reads the current configuration: node packs may add folders while ComfyUI runs.

    @param private private places in addition to those of ComfyUI and its users
    """

    def look() -> Layout:
        import folder_paths

        code = os.path.dirname(os.path.abspath(folder_paths.__file__))
        named = [os.path.abspath(path) for paths, _ in folder_paths.folder_names_and_paths.values() for path in paths]
        custom_nodes = folder_paths.get_folder_paths("custom_nodes")
        return Layout(
            code=code,
            python=tuple(
                dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__), *_homes()))
            ),
            import_path=tuple(os.path.abspath(path) for path in sys.path),
            custom_nodes=tuple(map(os.path.abspath, custom_nodes)),
            models=tuple(dict.fromkeys((os.path.abspath(folder_paths.models_dir), *named))),
            private=(*private_places(tenants), *private()),
            readable=settings.readable,
            writable=settings.writable,
            caches=settings.caches,
            model_caches=tuple(_model_caches()),
        )

    return look


def private_places(tenants: str) -> tuple[str, ...]:
    """The users' folders, and those that ComfyUI used before it had users."""
    import folder_paths

    shared = (folder_paths.__dict__[f"{kind}_directory"] for kind in ("input", "output", "temp"))
    datasets = os.path.join(folder_paths.base_path, "datasets")
    return (tenants, os.path.abspath(folder_paths.get_user_directory()), *map(os.path.abspath, shared), datasets)


def refuse_private(settings: Settings, private: Iterable[str]) -> None:
    """@raises SettingsError if a setting would grant access to a private place"""
    resolved = [os.path.realpath(path) for path in private]
    errors = [
        f"{name}: {path} is private or in a private folder: choose another place"
        for name in ("readable", "writable", "caches")
        for path in getattr(settings, name)
        if any(is_under(os.path.realpath(path), place) for place in resolved)
    ]
    if errors:
        raise SettingsError("COMFY_TENANT_SETTINGS: " + "; ".join(errors))


def _homes() -> list[str]:
    home = os.path.expanduser("~")
    packages = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [*(os.path.join(home, name) for name in _IN_HOME), *packages]


def _model_caches() -> list[str]:
    """The download folders of Hugging Face and torch; not their parent, which holds the operator's token."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    hugging_face = os.environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    torch = os.environ.get("TORCH_HOME") or os.path.join(cache, "torch")
    hub = os.environ.get("HF_HUB_CACHE") or os.path.join(hugging_face, "hub")
    return [hub, os.path.join(hugging_face, "modules"), os.path.join(torch, "hub")]
