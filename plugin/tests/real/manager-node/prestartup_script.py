"""Loads ComfyUI-Manager as newer versions do for --enable-manager, which 0.3.75 does not have."""

import os

import comfyui_manager
from comfy.cli_args import args

if not hasattr(args, "enable_manager"):
    args.enable_manager = True
    args.enable_manager_legacy_ui = os.environ["MANAGER_UI"] == "legacy"
    comfyui_manager.prestartup()
    comfyui_manager.is_from_here = True
