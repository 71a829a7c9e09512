"""ComfyUI runs this before it imports its own modules, so that all of them get the users' folders."""

import importlib.util
import multiprocessing.process
import os
import sys

_NAME = "comfyui_tenant"


def _load_package() -> None:
    folder = os.path.join(os.path.dirname(os.path.realpath(__file__)), _NAME)
    spec = importlib.util.spec_from_file_location(
        _NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)


def _start() -> None:
    from comfyui_tenant.install import Plugin

    sys.modules[_NAME].plugin = Plugin()
    sys.modules[_NAME].plugin.start_early()


def _protect() -> None:
    try:
        _load_package()
        from comfyui_tenant.install import or_end
    except Exception as error:
        # ComfyUI would go on without the plugin, and so without isolation.
        raise SystemExit(
            f"comfy-tenant: the plugin cannot be loaded ({error}): install its requirements with {sys.executable} -m pip "
            f"install -r {os.path.join(os.path.dirname(os.path.realpath(__file__)), 'requirements.txt')}"
        ) from error
    or_end(_start)


def _use_folders_of_user(own: str) -> None:
    import folder_paths

    for kind in ("input", "output", "temp"):
        getattr(folder_paths, f"set_{kind}_directory")(os.path.join(own, kind))


# A process that multiprocessing has spawned for a prompt reads ComfyUI's main.py again, and is confined as the prompt is. It
# serves nobody: when it becomes a server after all, __init__.py ends it.
if getattr(multiprocessing.process.current_process(), "_inheriting", False):
    if os.environ.get("COMFY_TENANT_OWN_FOLDERS"):
        _use_folders_of_user(os.environ["COMFY_TENANT_OWN_FOLDERS"])
else:
    _protect()
