"""Multi-tenant mode for ComfyUI, as a custom node. See README.md."""

import os
import sys

NODE_CLASS_MAPPINGS = {}
NODE_DISPLAY_NAME_MAPPINGS = {}
WEB_DIRECTORY = "./web"


def _start() -> None:
    package = sys.modules.get("comfyui_tenant")
    if getattr(package, "plugin", None) is None:
        raise SystemExit("comfy-tenant: prestartup_script.py did not run: keep it next to __init__.py in custom_nodes")
    own = os.path.dirname(os.path.abspath(__file__))
    first = getattr(package, "copy", os.path.dirname(os.path.dirname(package.__file__)))
    if first != own:
        # Two copies of different versions: the older one does not check for a second copy.
        raise SystemExit(f"comfy-tenant: custom_nodes contains the plugin twice, as {first} and as {own}: remove one of them")
    from comfyui_tenant.install import exit_on_error

    exit_on_error(package.plugin.start_late)


# Outside a ComfyUI server there is nothing to protect.
if "server" in sys.modules:
    _start()
