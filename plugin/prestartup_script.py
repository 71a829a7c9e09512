"""ComfyUI runs this before it imports its own modules, so that all of them use the users' folders."""

import importlib.util
import multiprocessing.process
import os
import sys

_NAME = "comfyui_tenant"
# The path in custom_nodes, which may be a link.
_OWN = os.path.dirname(os.path.abspath(__file__))


def _refuse_second_copy() -> None:
    package = sys.modules.get(_NAME)
    if package is not None:
        first = getattr(package, "copy", os.path.dirname(os.path.dirname(package.__file__)))
        raise SystemExit(
            f"comfy-tenant: custom_nodes contains the plugin twice, as {first} and as {_OWN}: "
            "remove one of them, because two copies would not isolate users"
        )


def _load_package() -> None:
    folder = os.path.join(os.path.dirname(os.path.realpath(__file__)), _NAME)
    spec = importlib.util.spec_from_file_location(
        _NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    package.copy = _OWN
    spec.loader.exec_module(package)


def _start() -> None:
    from comfyui_tenant.install import Plugin

    sys.modules[_NAME].plugin = Plugin()
    sys.modules[_NAME].plugin.start_early()


def _protect() -> None:
    _refuse_second_copy()
    try:
        _load_package()
        from comfyui_tenant.install import exit_on_error
    except Exception as error:
        # ComfyUI would continue without the plugin, and so without isolation.
        raise SystemExit(
            f"comfy-tenant: cannot load the plugin ({error}): install its requirements with {sys.executable} -m pip "
            f"install -r {os.path.join(os.path.dirname(os.path.realpath(__file__)), 'requirements.txt')}"
        ) from error
    exit_on_error(_start)


def _use_folders_of_user() -> None:
    import folder_paths

    for kind in ("input", "output", "temp"):
        own = os.environ.get(f"COMFY_TENANT_OWN_{kind.upper()}")
        if own:
            getattr(folder_paths, f"set_{kind}_directory")(own)
    datasets = os.environ.get("COMFY_TENANT_OWN_DATASETS")
    if datasets and "datasets" in folder_paths.folder_names_and_paths:
        folder_paths.folder_names_and_paths["datasets"] = ([datasets], set())


# A process spawned by multiprocessing for a prompt runs ComfyUI's main.py again, in its sandbox. It serves no requests:
# if it starts the server, __init__.py ends it.
if getattr(multiprocessing.process.current_process(), "_inheriting", False):
    _use_folders_of_user()
else:
    _protect()
