"""ComfyUI does not start if tenant isolation cannot be enabled."""

import base64
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from comfyui_process import PLUGIN, TOOLS, VERSION, GatewayKey, Visitor, environment, free_port, image, prepare, start
from leak_world import until


def outcome(base, *args, prepared=False, **env):
    """The exit code and the last log line of a ComfyUI that should fail."""
    command = [*prepare(base, links=not prepared), "--port", str(free_port()), *args]
    done = subprocess.run(command, cwd=TOOLS / "app", env=environment(None, **env), capture_output=True, timeout=180, text=True)
    return done.returncode, done.stderr.strip().splitlines()[-1]


def changed(tmp_path, module, change):
    """A folder for PYTHONPATH with which a module of ComfyUI is changed when it is imported."""
    # Custom nodes load in no fixed order, so an import hook changes the module when it is imported.
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
        "        def changed(module):\n"
        f"            run(module); exec({change!r}, {{{module!r}: module}})\n"
        "        found.loader.exec_module = changed\n"
        "        return found\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    return str(tmp_path / "late")


def test_the_flag_multi_user_is_refused(tmp_path):
    code, message = outcome(tmp_path, "--multi-user")
    assert (code, message) == (1, "comfy-tenant: --multi-user breaks isolation: start ComfyUI without it")


def test_invalid_settings_are_refused(tmp_path):
    (tmp_path / "s.json").write_text('{"maxQueue": 1}')
    code, message = outcome(tmp_path, COMFY_TENANT_SETTINGS=str(tmp_path / "s.json"))
    assert code == 1
    assert message == f"comfy-tenant: {tmp_path / 's.json'}: maxQueue: unknown setting; did you mean maxQueued?"


@pytest.mark.parametrize(
    ("module", "change", "mismatch"),
    [
        (
            "execution",
            "del execution.PromptQueue.wipe_history",
            "execution.PromptQueue.wipe_history is missing",
        ),
        (
            "execution",
            "execution.PromptQueue.get = lambda self, patience: None",
            "execution.PromptQueue.get takes (self, patience), expected (self, timeout)",
        ),
        (
            "folder_paths",
            "folder_paths.get_temp_directory = lambda user: ''",
            "folder_paths.get_temp_directory has a new required parameter: user",
        ),
        (
            "execution",
            "original = execution.PromptQueue.__init__\n"
            "def init(self, server):\n"
            "    original(self, server)\n"
            "    self.past = self.__dict__.pop('history')\n"
            "execution.PromptQueue.__init__ = init",
            "execution.PromptQueue has no attribute history",
        ),
        (
            "server",
            "original = server.PromptServer.__init__\n"
            "def init(self, loop):\n"
            "    original(self, loop)\n"
            "    self.sockets = list(self.sockets)\n"
            "server.PromptServer.__init__ = init",
            "server.PromptServer.sockets is a list, expected a dict",
        ),
        (
            "execution",
            "from comfy_execution import caching\n"
            "def init(self, *args):\n"
            "    self.keys = {}\n"
            "caching.CacheKeySet.__init__ = init",
            "comfy_execution.caching.CacheKeySetID has no attribute subcache_keys",
        ),
    ],
)
def test_a_missing_or_changed_part_of_comfyui_is_named(tmp_path, module, change, mismatch):
    code, message = outcome(tmp_path, PYTHONPATH=changed(tmp_path, module, change))
    assert code == 1
    assert message.startswith(f"comfy-tenant: this ComfyUI version is not supported: {mismatch}")


def test_a_server_with_assets_is_refused_whatever_its_flags(tmp_path):
    change = (
        "from types import SimpleNamespace\n"
        "original = server.PromptServer.__init__\n"
        "def init(self, loop):\n"
        "    original(self, loop)\n"
        "    self.asset_manager = SimpleNamespace(enabled=True)\n"
        "server.PromptServer.__init__ = init"
    )
    code, message = outcome(tmp_path, PYTHONPATH=changed(tmp_path, "server", change))
    assert code == 1
    assert message.startswith("comfy-tenant: assets break isolation and are on (PromptServer.asset_manager.enabled): ")


@pytest.fixture(scope="module")
def keyless(tmp_path_factory):
    with start(tmp_path_factory.mktemp("keyless"), with_key=False) as running:
        yield running


def test_without_a_key_local_requests_are_refused_too(keyless):
    answer = Visitor(keyless.url, "alice", os.urandom(32)).ask("/queue")
    assert (answer.status, answer.json()["error"]["type"]) == (503, "no_key")
    assert keyless.visitor("alice").ask("/queue").status == 403
    assert keyless.visitor("").ask("/queue").status == 401
    assert "denying all requests (503) until a key can be read: COMFY_TENANT_KEY_FILE is not set" in keyless.log.read_text()
    reported = keyless.visitor("").ask("/_tenant/plugin").json()
    assert (reported["key"], reported["keyFile"], reported["audience"]) == (None, "unset", None)


def test_anyone_can_read_the_plugins_state(comfyui):
    anonymous = Visitor(comfyui.url, "", None)
    for path in ("/_tenant/plugin", "/api/_tenant/plugin"):
        reported = anonymous.ask(path).json()
        assert reported["comfyui"] == VERSION
        assert reported["hooks"]["fit"] == reported["hooks"]["all"] > 30
        assert (reported["key"], reported["keyFile"]) == (comfyui.key.kid[:8], "public")
        assert (reported["audience"], reported["sharedKey"]) == (comfyui.key.audience, None)
    assert anonymous.ask("/_tenant/me").status == 401


def test_a_changed_key_applies_at_once_without_a_restart(tmp_path):
    with start(tmp_path) as running:
        alice = running.visitor("alice")
        assert alice.ask("/queue").status == 200
        alice.key = GatewayKey()
        replace(tmp_path / "public" / "comfyui.json", alice.key.public_file())
        assert alice.ask("/queue").status == 200
        assert running.visitor("alice").ask("/queue").status == 403


def replace(path, text):
    """As the gateway does."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def test_migrating_from_the_shared_key_of_0_1_refuses_no_request(tmp_path):
    shared = os.urandom(32)
    old = tmp_path / "old.key"
    old.write_text(base64.urlsafe_b64encode(shared).decode())
    both = f"{tmp_path / 'public' / 'comfyui.json'}{os.pathsep}{old}"
    with start(tmp_path, env={"COMFY_TENANT_KEY_FILE": both}) as running:
        before, after = Visitor(running.url, "alice", shared), running.visitor("alice")
        assert (before.ask("/queue").status, after.ask("/queue").status) == (200, 200)
        assert before.ask("/_tenant/plugin").json()["keyFile"] == "both"
        assert "a shared key of comfy-tenant 0.1: node code that reads it can impersonate any user" in running.log.read_text()
        old.unlink()
        time.sleep(1.1)
        assert (before.ask("/queue").status, after.ask("/queue").status) == (403, 200)
        assert before.ask("/_tenant/plugin").json()["keyFile"] == "public"


def test_operators_see_private_keys_that_comfyui_can_read(comfyui):
    assert comfyui.visitor("root", "operator").ask("/_tenant/fitness").json()["readableKeys"] == [
        str(comfyui.base / "token.key")
    ]


def test_a_second_copy_of_the_plugin_is_refused_and_both_are_named(tmp_path):
    prepare(tmp_path)
    nodes = tmp_path / "custom_nodes"
    shutil.copytree(PLUGIN, nodes / "another-copy", ignore=shutil.ignore_patterns("tests", "demo", "__pycache__"))
    code, message = outcome(tmp_path, prepared=True)
    assert code == 1
    assert "custom_nodes contains the plugin twice" in message
    assert str(nodes / "another-copy") in message and str(nodes / "comfy-tenant") in message


def test_a_second_copy_of_an_older_version_is_refused_too(tmp_path):
    prepare(tmp_path)
    nodes = tmp_path / "custom_nodes"
    for name in ("aa-older", "zz-older"):
        shutil.copytree(PLUGIN, nodes / name, ignore=shutil.ignore_patterns("tests", "demo", "__pycache__"))
        for file, removed in (("prestartup_script.py", "_refuse_second_copy()\n    try:"), ("__init__.py", "if first != own:")):
            path = nodes / name / file
            text = path.read_text()
            assert removed in text
            path.write_text(text.replace(removed, "try:" if "try" in removed else "if False:"))
    code, message = outcome(tmp_path, prepared=True)
    assert code == 1
    assert "twice" in message


@pytest.fixture
def stopped_by_signal(tmp_path):
    running = start(tmp_path, nodes=(Path(__file__).parent / "endless-nodes",))
    yield running
    if running.process.poll() is None:
        running.process.kill()


@pytest.mark.parametrize("way", ["idle", "sleep", "event", "stubborn", "slow_to_take_down", "slow_to_close"])
def test_sigterm_stops_comfyui_whatever_it_does(stopped_by_signal, way):
    alice = stopped_by_signal.visitor("alice")
    if way != "idle":
        alice.run({"1": {"class_type": "Endless", "inputs": {"way": way, "nonce": ""}}})
        assert until(lambda: "endless  runs" in stopped_by_signal.log.read_text(errors="replace"))
    begun = time.monotonic()
    stopped_by_signal.process.terminate()
    assert stopped_by_signal.process.wait(timeout=120) in (0, 143, -signal.SIGALRM)
    # Takes about a second; the rest is for a busy machine. Without a handler, the exit code is -15.
    assert time.monotonic() - begun < 25


def test_comfyuis_that_share_a_disk_keep_each_others_temp_folders(tmp_path):
    first = start(tmp_path / "first", settings={"tenantsDir": str(tmp_path / "tenants")})
    try:
        alice = first.visitor("alice")
        assert alice.upload("kept.png", image(), type="temp").status == 200
        left = tmp_path / "tenants/u-alice/temp/i-0123456789abcdef"
        left.mkdir()
        (left / "old.png").write_bytes(b"old")
        (tmp_path / "tenants/u-alice/temp/older.png").write_bytes(b"of 0.1")
        for name in ("second", "third"):
            other = start(tmp_path / name, settings={"tenantsDir": str(tmp_path / "tenants")})
            assert other.visitor("alice").ask("/view?filename=kept.png&type=temp").status == 404
            assert other.visitor("alice").upload("theirs.png", image(), type="temp").status == 200
            other.process.kill() if name == "second" else other.stop()
            other.process.wait()
            assert alice.ask("/view?filename=kept.png&type=temp").status == 200
        assert not left.exists()
        assert len(list((tmp_path / "tenants/u-alice/temp").iterdir())) == 2
    finally:
        first.stop()
    start(tmp_path / "first-again", settings={"tenantsDir": str(tmp_path / "tenants")}).stop()
    assert list((tmp_path / "tenants/u-alice/temp").iterdir()) == []
