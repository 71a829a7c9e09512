"""ComfyUI does not start where nothing would be isolated."""

import base64
import os
import subprocess
import time

import pytest
from comfyui_process import PLUGIN, TOOLS, VERSION, Visitor, environment, free_port, prepare, start


def outcome(base, *args, **env):
    """The exit code and the last words of a ComfyUI that is to fail."""
    command = [*prepare(base), "--port", str(free_port()), *args]
    done = subprocess.run(command, cwd=TOOLS / "app", env=environment(None, **env), capture_output=True, timeout=60, text=True)
    return done.returncode, done.stderr.strip().splitlines()[-1]


def test_the_flag_multi_user_is_refused(tmp_path):
    code, said = outcome(tmp_path, "--multi-user")
    assert (code, said) == (1, "comfy-tenant: --multi-user undoes the isolation: start ComfyUI without it")


def test_faulty_settings_are_refused(tmp_path):
    (tmp_path / "s.json").write_text('{"maxQueue": 1}')
    code, said = outcome(tmp_path, COMFY_TENANT_SETTINGS=str(tmp_path / "s.json"))
    assert code == 1
    assert said == f"comfy-tenant: {tmp_path / 's.json'}: maxQueue: there is no such setting, is maxQueued meant?"


@pytest.mark.parametrize(
    ("module", "spoil", "fault"),
    [
        (
            "execution",
            "del execution.PromptQueue.wipe_history",
            "execution.PromptQueue.wipe_history is not there",
        ),
        (
            "execution",
            "execution.PromptQueue.get = lambda self, patience: None",
            "execution.PromptQueue.get takes (self, patience) where (self, timeout) is expected",
        ),
        (
            "folder_paths",
            "folder_paths.get_temp_directory = lambda user: ''",
            "folder_paths.get_temp_directory has the new parameter user",
        ),
    ],
)
def test_a_function_that_is_gone_or_has_changed_is_named(tmp_path, module, spoil, fault):
    # The nodes of a folder are loaded in no fixed order, so the change is made by Python itself once the module is there.
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "sitecustomize.py").write_text(
        f"import sys, importlib.util as u\n"
        f"spec = u.spec_from_file_location('stub', {str(PLUGIN / 'demo' / 'torch-stub' / 'sitecustomize.py')!r})\n"
        "stub = u.module_from_spec(spec); spec.loader.exec_module(stub)\n"
        "import importlib.machinery as m\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name != {module!r}: return None\n"
        "        found = m.PathFinder.find_spec(name, path)\n"
        "        run = found.loader.exec_module\n"
        "        def spoiled(module):\n"
        f"            run(module); exec({spoil!r}, {{{module!r}: module}})\n"
        "        found.loader.exec_module = spoiled\n"
        "        return found\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    code, said = outcome(tmp_path, PYTHONPATH=str(tmp_path / "late"))
    assert code == 1
    assert said.startswith(f"comfy-tenant: this ComfyUI does not fit: {fault}")


@pytest.fixture(scope="module")
def keyless(tmp_path_factory):
    running = start(tmp_path_factory.mktemp("keyless"), with_key=False)
    try:
        yield running
    finally:
        running.stop()


def test_without_a_key_this_machine_is_served_and_the_log_says_so(keyless):
    assert keyless.visitor("alice").ask("/queue").status == 200
    assert "only requests from this machine are served" in keyless.log.read_text()
    assert keyless.visitor("alice").ask("/_tenant/plugin").json()["key"] is None


def test_the_plugin_tells_anyone_what_it_is(comfyui):
    nobody = Visitor(comfyui.url, "", None)
    for path in ("/_tenant/plugin", "/api/_tenant/plugin"):
        told = nobody.ask(path).json()
        assert told["comfyui"] == VERSION
        assert told["hooks"]["fit"] == told["hooks"]["all"] > 30
        assert len(told["key"]) == 8
    assert nobody.ask("/_tenant/me").status == 401


def test_a_changed_key_is_taken_without_a_restart(tmp_path):
    running = start(tmp_path)
    try:
        alice = running.visitor("alice")
        assert alice.ask("/queue").status == 200
        new = os.urandom(32)
        (tmp_path / "token.key").write_text(base64.urlsafe_b64encode(new).decode())
        alice.key = new
        time.sleep(1.1)
        assert alice.ask("/queue").status == 200
        assert running.visitor("alice").ask("/queue").status == 403
    finally:
        running.stop()
