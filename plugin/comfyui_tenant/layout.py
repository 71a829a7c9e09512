"""What this ComfyUI and this Python are configured to use, for the policy of the sandbox."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Callable, Iterable

from .sandbox_policy import Layout, is_under
from .settings import Settings, SettingsFault

# Of the user that ComfyUI runs as, beside caches: fonts, and models that libraries keep there.
_IN_HOME = (".fonts", ".local/share/fonts", ".insightface", ".u2net", ".nv/ComputeCache")


def layout_of(settings: Settings, tenants: str, private: Callable[[], Iterable[str]]) -> Callable[[], Layout]:
    """A function that looks at the configuration as it is now: packs go on adding folders while ComfyUI runs.

    @param private more private places, beside those of ComfyUI and of its users
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
    """What is the users', and what was ComfyUI's own before it had users."""
    import folder_paths

    shared = (folder_paths.__dict__[f"{kind}_directory"] for kind in ("input", "output", "temp"))
    datasets = os.path.join(folder_paths.base_path, "datasets")
    return (tenants, os.path.abspath(folder_paths.get_user_directory()), *map(os.path.abspath, shared), datasets)


def refuse_private(settings: Settings, private: Iterable[str]) -> None:
    """@raises SettingsFault when a setting would open what is private to someone or to the server"""
    resolved = [os.path.realpath(path) for path in private]
    faults = [
        f"{name}: {path} is private or lies in a private folder: name another place"
        for name in ("readable", "writable", "caches")
        for path in getattr(settings, name)
        if any(is_under(os.path.realpath(path), place) for place in resolved)
    ]
    if faults:
        raise SettingsFault("COMFY_TENANT_SETTINGS: " + "; ".join(faults))


def _homes() -> list[str]:
    home = os.path.expanduser("~")
    packages = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return [*(os.path.join(home, name) for name in _IN_HOME), *packages]


def _model_caches() -> list[str]:
    """Where Hugging Face and torch keep what they have downloaded; not the folder above, which holds the operator's token."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    hugging_face = os.environ.get("HF_HOME") or os.path.join(cache, "huggingface")
    torch = os.environ.get("TORCH_HOME") or os.path.join(cache, "torch")
    hub = os.environ.get("HF_HUB_CACHE") or os.path.join(hugging_face, "hub")
    return [hub, os.path.join(hugging_face, "modules"), os.path.join(torch, "hub")]
