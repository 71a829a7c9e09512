"""What is found in the source of a ComfyUI that is not running."""

import json
import os
import shutil

import pytest
from comfyui_process import TOOLS, VERSION
from comfyui_tenant.__main__ import main
from comfyui_tenant.comfyui_source import NoComfyui
from comfyui_tenant.source_inspection import inspect

NEEDED = (
    *("main.py", "server.py", "execution.py", "folder_paths.py", "nodes.py", "comfyui_version.py", "app", "comfy_execution"),
    *("comfy/model_management.py", "comfy/cli_args.py"),
)


@pytest.fixture
def comfyui(tmp_path):
    """A copy of what the plugin uses of the ComfyUI under test."""
    folder = tmp_path / "ComfyUI"
    for name in NEEDED:
        source, target = TOOLS / "app" / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.pyc", "assets"))
        else:
            shutil.copy(source, target)
    (folder / "custom_nodes").mkdir()
    return folder


def change(folder, name, old, new):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def test_the_comfyui_that_the_tests_run_fits(comfyui):
    found = inspect(str(comfyui))
    assert (found["version"], found["problems"], found["packs"], found["copies"]) == (VERSION, [], [], [])


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        (
            "execution.py",
            "def task_done(self, item_id,",
            "def task_done(self, item,",
            "execution.PromptQueue.task_done takes (self, item",
        ),
        ("execution.py", "def wipe_queue(self):", "def empty_queue(self):", "execution.PromptQueue.wipe_queue is missing"),
        ("execution.py", "class PromptQueue:", "class Prompts:", "execution.PromptQueue.put is missing"),
        (
            "execution.py",
            "def wipe_queue(self):",
            "def wipe_queue(self, owner):",
            "execution.PromptQueue.wipe_queue has a new required parameter: owner",
        ),
        ("execution.py", "self.currently_running", "self.running", "execution.PromptQueue has no attribute currently_running"),
        ("server.py", "self.sockets", "self.clients", "server.PromptServer has no attribute sockets"),
        (
            "server.py",
            "def send_sync(self, event, data, sid=None):",
            "def send_sync(self, event, data, sid=None:",
            "server.py cannot be read",
        ),
    ],
)
def test_a_changed_comfyui_does_not_fit(comfyui, capsys, name, old, new, problem):
    change(comfyui, name, old, new)
    assert any(problem in one for one in inspect(str(comfyui))["problems"])
    assert main(["inspect", str(comfyui)]) == 78
    assert problem in capsys.readouterr().out


def test_a_missing_module_and_one_that_is_no_text(comfyui):
    (comfyui / "folder_paths.py").unlink()
    (comfyui / "comfy_execution" / "caching.py").write_bytes(b"\xff\xfe\x00")
    problems = "\n".join(inspect(str(comfyui))["problems"])
    assert "folder_paths.py is missing" in problems
    assert "comfy_execution/caching.py cannot be read" in problems


def test_the_layout_of_a_queue_item(comfyui):
    change(comfyui, "server.py", "self.prompt_queue.put((", "self.prompt_queue.put((priority, ")
    assert any(one.startswith("a queue item is (priority, ") for one in inspect(str(comfyui))["problems"])


def test_assets_that_are_on_by_default(comfyui):
    (comfyui / "comfy" / "cli_args.py").write_text('parser.add_argument("--disable-assets", action="store_true")')
    assert "assets are on by default and break isolation: start ComfyUI with --disable-assets" in inspect(str(comfyui))["flags"]


def test_packs_and_copies_of_the_plugin(comfyui, capsys):
    packs = comfyui / "custom_nodes"
    for name, version in (("ComfyUI-VideoHelperSuite", "1.7.5"), ("rgthree-comfy", "99.0.0"), ("mystery", None)):
        (packs / name).mkdir()
        if version is not None:
            (packs / name / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "{version}"\n')
    for name in ("comfy-tenant", "old-copy", "off.disabled"):
        (packs / name / "comfyui_tenant").mkdir(parents=True)
        (packs / name / "comfyui_tenant" / "__init__.py").touch()
    assert main(["inspect", str(comfyui), "--json"]) == 78
    found = json.loads(capsys.readouterr().out)
    assert {pack["pack"]: pack["state"] for pack in found["packs"]} == {
        "ComfyUI-VideoHelperSuite": "partly",
        "rgthree-comfy": "partly",
        "mystery": "not assessed",
    }
    assert "version 99.0.0 has not been assessed" in found["packs"][2]["limits"] or "99.0.0" in str(found["packs"])
    assert (found["copies"], found["fits"], found["problems"]) == (["comfy-tenant", "old-copy"], False, [])


def test_another_folder(tmp_path, capsys):
    with pytest.raises(NoComfyui):
        inspect(str(tmp_path))
    assert main(["inspect", str(tmp_path)]) == 64
    assert "is not a ComfyUI: it has no main.py and server.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("class PromptQueue(Other): pass\nclass Other(PromptQueue): pass\n", "execution.PromptQueue.put is missing"),
        ("x = " + "-" * 200_000 + "1", "execution.py cannot be read: "),
        (None, "execution.py cannot be read: it is not a file"),
    ],
    ids=["cyclic bases", "deeply nested", "a pipe"],
)
def test_a_source_that_cannot_be_analyzed_does_not_fit(comfyui, text, problem):
    source = comfyui / "execution.py"
    source.unlink()
    if text is None:
        os.mkfifo(source)
    else:
        source.write_text(text)
    assert any(problem in found for found in inspect(str(comfyui))["problems"])
