"""Multi-tenant mode for ComfyUI, as a custom node. See README.md."""

import sys

NODE_CLASS_MAPPINGS = {}
NODE_DISPLAY_NAME_MAPPINGS = {}
WEB_DIRECTORY = "./web"


def _start() -> None:
    package = sys.modules.get("comfyui_tenant")
    if getattr(package, "plugin", None) is None:
        raise SystemExit("comfy-tenant: prestartup_script.py did not run: keep it beside __init__.py in custom_nodes")
    from comfyui_tenant.install import or_end

    or_end(package.plugin.start_late)


# Outside of a ComfyUI server there is nothing to protect.
if "server" in sys.modules:
    _start()
