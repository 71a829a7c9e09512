"""Every way to access a file, for every private place: with the kernel's sandbox, and with only the guard."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
from battery import FILES, FOLDERS, READ_ONLY, SECRET, asked, got, listening, output, start_battery
from leak_world import until
from ways import LOOK, READ, WRITE

# A new process that imports ComfyUI takes seconds: once for all places.
SLOW = ("spawn", "forkserver")
ONE_KIND = ("opencv", "pyav", "safetensors", "numpy_load", "pillow", "ffmpeg")

# What no audit hook sees: libraries and programs that open files by themselves.
UNSEEN_BY_PYTHON = {
    *("ctypes_open", "ctypes_openat2", "ctypes_path_descriptor", "ctypes_mmap", "opencv", "pyav", "safetensors", "ffmpeg"),
    *("cat", "shell", "ls", "proc_cwd", "proc_root", "proc_task_root", "proc_fd", "hard_link", "link_of_descriptor"),
    *("symbolic_link", "thread", "raw_thread", "native_thread", "pool_of_the_pack", "lazy_pool", "thread_pool"),
    *("lazy_thread_pool", "processes_of_the_pack", "lazy_processes", "lazy_process_pool", "fork", "spawn", "forkserver"),
}
# Python's own ways, where the guard does not know a place to be private, and what a pool's process writes.
LOOKS_OF_PROGRAMS = {"stat_program", "ctypes_access"}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    with start_battery(tmp_path_factory.mktemp("kernel"), kernel=True) as running:
        yield running


@pytest.fixture(scope="module")
def guard(tmp_path_factory):
    with start_battery(tmp_path_factory.mktemp("guard"), kernel=False) as running:
        yield running


def test_the_state_shows_the_kind_of_isolation(kernel, guard):
    assert kernel.visitor("bob").ask("/_tenant/plugin").json()["isolation"].startswith("kernel (Landlock ABI ")
    assert guard.visitor("bob").ask("/_tenant/plugin").json()["isolation"] == (
        "Python only (the kernel has no Landlock: Linux 5.13 or newer is needed)"
    )


@pytest.mark.parametrize("place", FOLDERS)
def test_no_way_reads_a_private_folder(kernel, place):
    ways = [way for way in READ if way not in SLOW or place == FOLDERS[0]]
    assert got(asked(kernel.visitor("bob"), "BatteryTry", ways, kernel.base / place / "secret.txt")) == set()


@pytest.mark.parametrize("place", FILES)
def test_no_way_reads_a_file_of_the_server(kernel, place):
    ways = [way for way in READ if way not in SLOW and way not in ONE_KIND]
    assert got(asked(kernel.visitor("bob"), "BatteryTry", ways, kernel.base / place)) == set()


@pytest.mark.parametrize("place", [*FOLDERS, *READ_ONLY])
def test_no_way_writes_to_a_private_place(kernel, place):
    path = kernel.base / place
    path = path if path.is_file() else path / "secret.txt"
    before, content = sorted(os.listdir(path.parent)), path.read_bytes()
    assert got(asked(kernel.visitor("bob"), "BatteryTry", list(WRITE), path)) == set()
    assert sorted(os.listdir(path.parent)) == before
    assert path.read_bytes() == content


@pytest.mark.parametrize("place", FOLDERS[:6])
def test_python_does_not_see_what_exists_in_a_private_place(kernel, place):
    """Programs and C libraries do see it: Landlock does not cover that."""
    found = got(asked(kernel.visitor("bob"), "BatteryTry", list(LOOK), kernel.base / place / "secret.txt"))
    assert found <= LOOKS_OF_PROGRAMS


def test_without_landlock_the_battery_finds_what_python_does_not_see(guard):
    found = got(asked(guard.visitor("bob"), "BatteryTry", list(READ), guard.base / FOLDERS[0] / "secret.txt"))
    assert found == UNSEEN_BY_PYTHON


def test_without_landlock_the_guard_still_keeps_python_out(guard):
    found = got(asked(guard.visitor("bob"), "BatteryTry", list(LOOK), guard.base / FOLDERS[0] / "secret.txt"))
    assert found == LOOKS_OF_PROGRAMS


@pytest.mark.parametrize("class_type", ["BatteryAsync", "BatteryServerLoop", "BatteryValidation", "BatteryAsyncValidation"])
def test_node_code_is_confined_wherever_it_runs(kernel, guard, class_type):
    for running, expected in ((kernel, False), (guard, True)):
        path = running.base / FOLDERS[0] / "secret.txt"
        found = asked(running.visitor("bob"), class_type, "ctypes_open", path, uuid.uuid4().hex)
        assert got(found) == (set(found) if expected and class_type != "BatteryServerLoop" else set()), found


def test_the_node_list_is_created_in_the_sandbox(kernel, guard):
    for running, expected in ((kernel, set()), (guard, {"ctypes_open", "ls"})):
        info = running.visitor("bob").ask("/object_info/BatteryInputTypes").json()["BatteryInputTypes"]
        import json

        assert got(json.loads(info["input"]["required"]["found"][0][0])) == expected


def test_prompt_handlers_run_in_the_sandbox(kernel, guard):
    for running, expected in ((kernel, "refused "), (guard, "got ")):
        bob = running.visitor("bob")
        graph = {"1": {"class_type": "BatteryHeard", "inputs": {"way": "on_prompt", "path": "", "nonce": ""}}}
        path = str(running.base / FOLDERS[0] / "secret.txt")
        done = bob.finished(bob.run(graph, extra_data={"battery_path": path}))
        assert done["outputs"]["1"]["text"][0].startswith(expected)


def test_a_thread_that_outlives_its_prompt_stays_confined(kernel):
    nonce, bob, alice = uuid.uuid4().hex, kernel.visitor("bob"), kernel.visitor("alice")
    output(bob, "BatteryOutlive", "ctypes_open", kernel.base / FOLDERS[0] / "secret.txt", nonce)
    heard = []

    def reported() -> bool:
        heard[:] = output(alice, "BatteryHeard", "outlived" + nonce, "")
        return heard != ["nothing yet"]

    assert until(reported)
    assert heard[0].startswith("refused ")


POOLS = [way for way in READ if "pool" in way or "processes" in way]


def test_a_pool_shared_by_two_users_gives_neither_the_others_access(kernel):
    """In either order, and whether the pack or a prompt created the pool: each user reads only their own files."""
    for first, second in (("alice", "carol"), ("carol", "alice")):
        for user, other in ((first, second), (second, first)):
            (kernel.base / f"tenants/u-{user}/output").mkdir(parents=True, exist_ok=True)
            own = kernel.base / f"tenants/u-{user}/output/own.txt"
            own.write_bytes(SECRET)
            assert got(asked(kernel.visitor(user), "BatteryTry", POOLS, own, uuid.uuid4().hex)) == set(POOLS)
            foreign = kernel.base / f"tenants/u-{other}/input/own.txt"
            foreign.parent.mkdir(parents=True, exist_ok=True)
            foreign.write_bytes(SECRET)
            assert got(asked(kernel.visitor(user), "BatteryTry", POOLS, foreign, uuid.uuid4().hex)) == set()


def test_a_pool_works_again_after_another_users_prompt_has_ended_its_processes(kernel):
    for user in ("bob", "alice", "bob"):
        own = kernel.base / f"tenants/u-{user}/output/own.txt"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(SECRET)
        found = asked(kernel.visitor(user), "BatteryTry", ["lazy_process_pool"], own, uuid.uuid4().hex)
        assert got(found) == {"lazy_process_pool"}, found


def test_a_pool_that_lost_a_process_blocks_no_prompt(kernel):
    """The processes of a pool take tasks under a lock, which a killed one never releases."""
    for user, way in (("bob", "lazy_process_pool"), ("carol", "lost_process"), ("alice", "lazy_process_pool")):
        asked(kernel.visitor(user), "BatteryTry", [way], kernel.base / "models", uuid.uuid4().hex)


def test_users_can_access_their_own_files_in_every_way(kernel):
    own = Path("tenants/u-alice/output/secret.txt")
    # Except these: they need descriptors that no one holds, or links out of the user's folder.
    ways = [way for way in READ if way not in ("inherited", "link_of_descriptor")]
    assert got(asked(kernel.visitor("alice"), "BatteryTry", ways, kernel.base / own)) == set(ways)


def test_models_and_packs_can_be_read(kernel):
    for place in READ_ONLY:
        found = asked(kernel.visitor("bob"), "BatteryTry", ["open", "ctypes_open", "cat", "ls"], kernel.base / place)
        assert got(found) == {"open", "ctypes_open", "cat", "ls"}


def test_named_sockets_of_others_are_not_accessible(kernel, guard, tmp_path):
    with listening(str(tmp_path / "secret.sock")):
        for running in (kernel, guard):
            assert got(asked(running.visitor("bob"), "BatteryTry", ["connect"], tmp_path / "secret.txt")) == set()


def test_abstract_sockets_of_others_are_not_accessible(tmp_path):
    name = f"battery-{uuid.uuid4().hex}"
    with listening("\0" + name), start_battery(tmp_path, kernel=True, env={"BATTERY_ABSTRACT": name}) as running:
        assert got(asked(running.visitor("bob"), "BatteryTry", ["connect_abstract"], running.base)) == set()


def test_every_user_has_separate_folders_and_temporary_files(kernel):
    for user in ("alice", "bob"):
        found = asked(kernel.visitor(user), "BatteryOwn", "", "", uuid.uuid4().hex)
        root = str(kernel.base / "tenants" / f"u-{user}")
        assert found.pop("multiprocessing") == "of my own"
        assert {name: os.path.relpath(path, root).split(os.sep)[0] for name, path in found.items()} == {
            **{"function": "output", "variable": "output", "input": "input", "temp": "temp"},
            **dict.fromkeys(("tempfile", "variable_of_environment", "program", "system"), "tmp"),
        }
