"""The private places of a ComfyUI and their content, for the battery of hostile nodes."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import numpy
from comfyui_process import PLUGIN, Comfyui, Visitor, image, start
from safetensors.numpy import save_file

PACK = PLUGIN / "tests" / "real" / "battery-nodes"
WITHOUT_LANDLOCK = (sys.executable, str(PLUGIN / "tests" / "without_landlock.py"))
SECRET = b"secret-of-alice"

sys.path.insert(0, str(PACK))

# Folders with a file of every kind.
FOLDERS = (
    *(f"tenants/u-alice/{kind}" for kind in ("input", "output", "temp", "tmp", "cache")),
    *("user/u-alice/workflows", "user/default", "input", "output", "temp", "datasets"),
)
# The server's files: key, settings, log, and others in its base folder.
FILES = ("token.key", "settings.json", "comfyui.log", ".env", "backup.txt")
# The code of the pack and of ComfyUI, which may be read but not changed.
READ_ONLY = ("custom_nodes/comfy-tenant-demo/__init__.py", "models/checkpoints/model.safetensors")


def fill(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret.txt").write_bytes(SECRET)
    (folder / "secret.png").write_bytes(image())
    numpy.save(folder / "secret.npy", numpy.arange(4))
    save_file({"weight": numpy.zeros(4, "float32")}, folder / "secret.safetensors")


def make_places(base: Path) -> None:
    for name in FOLDERS:
        fill(base / name)
    for name in (".env", "backup.txt"):
        (base / name).write_bytes(SECRET)
    model = base / "models" / "checkpoints" / "model.safetensors"
    model.parent.mkdir(parents=True, exist_ok=True)
    save_file({"weight": numpy.zeros(4, "float32")}, model)


def start_battery(base: Path, *, kernel: bool, settings: dict | None = None, env: dict | None = None) -> Comfyui:
    make_places(base)
    target = base / "tenants" / "u-alice" / "output" / "secret.txt"
    running = start(
        base,
        nodes=(PACK,),
        settings={"maxQueued": 50, **(settings or {})},
        env={"BATTERY_TARGET": str(target), **(env or {})},
        launcher=() if kernel else WITHOUT_LANDLOCK,
    )
    # Emptied when ComfyUI starts.
    for kind in ("temp", "tmp"):
        fill(base / "tenants" / "u-alice" / kind)
    fill(base / "temp")
    return running


def listening(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    made.listen(8)
    return made


def asked(visitor: Visitor, class_type: str, way: str | list[str], path: Path | str, nonce: str = "") -> dict[str, str]:
    """Way → what the node got."""
    named = json.dumps(way) if isinstance(way, list) else way
    [text] = output(visitor, class_type, named, path, nonce)
    return json.loads(text)


def output(visitor: Visitor, class_type: str, way: str, path: Path | str, nonce: str = "") -> list[str]:
    graph = {"1": {"class_type": class_type, "inputs": {"way": way, "path": str(path), "nonce": nonce}}}
    done = visitor.finished(visitor.run(graph))
    assert done["status"]["status_str"] == "success", done["status"]
    return done["outputs"]["1"]["text"]


def got(found: dict[str, str]) -> set[str]:
    assert all(text.startswith(("got ", "refused ")) for text in found.values()), found
    return {name for name, text in found.items() if text.startswith("got ")}
