"""Starts ComfyUI-Manager if ComfyUI did not, and exposes the routes that it registered."""

import json
import os

import comfyui_manager
from server import PromptServer

NODE_CLASS_MAPPINGS = {}

server = PromptServer.instance
if hasattr(comfyui_manager, "is_from_here"):
    server.app.middlewares.append(comfyui_manager.create_middleware())
    comfyui_manager.start()
routes = [f"{route.method} {route.path}" for route in server.routes if route.handler.__module__.startswith("comfyui_manager")]
with open(os.environ["MANAGER_ROUTES"], "w", encoding="utf-8") as file:
    json.dump(routes, file)
