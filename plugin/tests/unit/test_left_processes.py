"""Which processes end when another user's prompt begins."""

import subprocess
import sys
import types

import pytest
from comfyui_tenant import confinement
from comfyui_tenant.left_processes import CALL_SECONDS, LeftProcesses


@pytest.fixture
def started(monkeypatch):
    now = [0.0]
    left, processes = LeftProcesses(lambda: now[0]), []

    def start(directory, of_prompt=True):
        monkeypatch.setattr(confinement, "confined_as", lambda: directory)
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        processes.append(process)
        left.note(process.pid, of_prompt)
        return process

    yield types.SimpleNamespace(left=left, start=start, now=now)
    for process in processes:
        process.kill()
        process.wait()


def test_those_of_other_users_end(started):
    of_alice, of_bob, of_server = started.start("u-alice"), started.start("u-bob"), started.start(None)
    started.left.end_others("u-bob")
    assert of_alice.wait(60) != 0
    assert of_bob.poll() is None
    assert of_server.poll() is None


def test_those_of_a_call_that_may_still_be_going_on_do_not(started):
    of_alice = started.start("u-alice", of_prompt=False)
    started.left.end_others("u-bob")
    assert of_alice.poll() is None
    started.now[0] += CALL_SECONDS
    started.left.end_others("u-bob")
    assert of_alice.wait(60) != 0


def test_what_joblib_keeps_is_forgotten_with_them(started, monkeypatch):
    kept = types.ModuleType("loky.reusable_executor")
    kept._executor = object()
    monkeypatch.setitem(sys.modules, "loky.reusable_executor", kept)
    started.left.end_others("u-bob")
    assert kept._executor is not None
    started.start("u-alice")
    started.left.end_others("u-bob")
    assert kept._executor is None
