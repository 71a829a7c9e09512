"""Requests for a user's files are served in the user's sandbox, whatever a program of the user does at the same time."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from comfyui_process import image, start
from leak_world import until

NODES = Path(__file__).resolve().parent / "link-nodes"
SECRET = "secret-of-alice"
SECONDS = 4.0


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory):
    base = tmp_path_factory.mktemp("requests")
    secret = base / "tenants" / "u-alice" / "output" / "secret.txt"
    secret.parent.mkdir(parents=True)
    secret.write_text(SECRET)
    (base / "code.py").write_text("pass")
    with start(base, nodes=(NODES,)) as running:
        yield running


def swap(comfyui, folder: str, target: Path) -> float:
    """Starts the program and waits until it runs; returns when it ends."""
    inputs = {"folder": folder, "target": str(target), "seconds": SECONDS}
    bob = comfyui.visitor("bob")
    bob.finished(bob.run({"1": {"class_type": "Swap", "inputs": inputs}}))
    assert until(lambda: os.path.lexists(comfyui.base / "tenants" / "u-bob" / folder / "link.txt"))
    return time.monotonic() + SECONDS


@pytest.mark.parametrize(
    ("folder", "path"),
    [("output", "/view?filename=swapped.txt&type=output"), ("../../user/u-bob", "/userdata/swapped.txt")],
)
def test_a_changing_link_reveals_nothing_of_another_user(comfyui, folder, path):
    bob = comfyui.visitor("bob")
    end = swap(comfyui, folder, comfyui.base / "tenants" / "u-alice" / "output" / "secret.txt")
    seen = set()
    while time.monotonic() < end:
        seen.add(bob.ask(path).text)
    assert "own" in seen
    assert SECRET not in seen


def test_nothing_is_written_through_a_changing_link(comfyui):
    bob = comfyui.visitor("bob")
    code = comfyui.base / "code.py"
    end = swap(comfyui, "input", code)
    while time.monotonic() < end:
        bob.upload("swapped.txt", image(), overwrite="true")
    assert code.read_text() == "pass"


def test_a_pipe_among_the_files_stops_nobody_else(comfyui):
    bob, alice = comfyui.visitor("bob"), comfyui.visitor("alice")
    bob.finished(bob.run({"1": {"class_type": "MakePipe", "inputs": {"name": "pipe.png"}}}))
    waiting = threading.Thread(target=lambda: bob.upload("pipe.png", image()), daemon=True)
    waiting.start()
    # Opening it for writing waits until the server reads it.
    with open(comfyui.base / "tenants" / "u-bob" / "input" / "pipe.png", "wb"):
        assert alice.ask("/settings").status == 200
        assert bob.ask("/settings").status == 200
    waiting.join(120)
    assert not waiting.is_alive()


def ask_kept(visitor, path: Path, nonce: str) -> tuple[str, str]:
    inputs = {"path": str(path), "nonce": nonce}
    done = visitor.finished(visitor.run({"1": {"class_type": "AskKeptProcess", "inputs": inputs}}))
    return tuple(done["outputs"]["1"]["text"])


def test_a_process_that_is_kept_serves_its_own_user_alone(comfyui):
    bob, alice = comfyui.visitor("bob"), comfyui.visitor("alice")
    secret = comfyui.base / "tenants" / "u-alice" / "output" / "secret.txt"
    first = ask_kept(alice, secret, "1")
    assert first[0] == SECRET
    assert ask_kept(alice, secret, "2") == first
    text, pid = ask_kept(bob, secret, "3")
    assert text == "PermissionError"
    assert pid != first[1]
