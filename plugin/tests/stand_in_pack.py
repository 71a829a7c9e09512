"""Stand-ins for node packs: the routes that their profiles name, served by the pack's code."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

PROFILES = Path(__file__).parents[1] / "comfyui_tenant" / "profiles"
CODE = """
import importlib
import os
import threading
import time
from aiohttp import web
from server import PromptServer

VARIABLES = [(importlib.import_module(module, __name__), name) for module, name in %r]

# Says what each variable of the pack holds, and stores a text in it.
class Keep:
    CATEGORY = "test"
    FUNCTION = "run"
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {})}}

    def run(self, text):
        held = []
        for module, name in VARIABLES:
            value = getattr(module, name)
            held.append(value.get("text", "nothing"))
            value["text"] = text
        return {"ui": {"text": held}}

NODE_CLASS_MAPPINGS = {f"Keep of {os.path.basename(os.path.dirname(__file__))}": Keep}
for refused in %r:
    NODE_CLASS_MAPPINGS[refused] = Keep

def add(method, path):
    async def serve(request):
        found = {"served": f"{method} {path}", "query": dict(request.query), "folder": os.path.dirname(__file__)}
        return web.json_response(found)
    PromptServer.instance.routes.route(method, path)(serve)

for route in %r:
    add(*route)

def emit():
    while True:
        for name in [*%r, "unlisted.event"]:
            PromptServer.instance.send_sync(name, {"load": 1})
        time.sleep(0.2)

threading.Thread(target=emit, daemon=True).start()
"""


def profile(name: str) -> dict:
    return yaml.safe_load((PROFILES / f"{name}.yaml").read_text())


NAMES = sorted(path.stem for path in PROFILES.glob("*.yaml"))


def rules(kind: str) -> list[tuple[str, dict]]:
    return [(name, rule) for name in NAMES for rule in profile(name).get(kind) or ()]


def concrete(line: str) -> tuple[str, str]:
    """The method and a pattern for a rule, which may omit the method and end in a star."""
    method, _, path = line.rpartition(" ")
    return method or "GET", path.replace("*", "anything")


def make_pack(folder: Path, name: str, version: str | None = None) -> Path:
    """A pack with the routes of a profile. @param version instead of the assessed one"""
    found = profile(name)
    pack = folder / found["names"][0]
    pack.mkdir(parents=True)
    made = version or str(found["assessed"]["version"])
    (pack / "pyproject.toml").write_text(f'[project]\nname = "{found["names"][0]}"\nversion = "{made}"\n')
    lines = [rule["route"] for kind in ("open", "view", "empty", "closed") for rule in found.get(kind) or ()]
    events = [entry["event"] for entry in found.get("events") or ()]
    variables = [(entry["module"], entry["name"]) for entry in found.get("globals") or ()]
    for file, variable in variables:
        (pack / file).parent.mkdir(parents=True, exist_ok=True)
        with (pack / file).open("a") as module:
            module.write(f"{variable} = {{}}\n")
    modules = [("." + file.removesuffix(".py").replace("/", "."), variable) for file, variable in variables]
    refused = [entry["node"] for entry in found.get("nodes") or ()]
    code = CODE % (modules, refused, [concrete(line) for line in lines], events)
    (pack / "__init__.py").write_text(code)
    return pack


def address(path: str) -> str:
    return re.sub(r"\{\w+\}", "x", path)
