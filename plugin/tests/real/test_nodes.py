"""What node code can access, in every way in which it can run."""

import os
import uuid
from pathlib import Path

import pytest
from comfyui_process import start

NODES = Path(__file__).parent / "hostile-nodes"
WAYS = (
    "open open_bytes os_open pathlib write append listdir scandir walk remove rename_away rename_over copy rmtree mkdir "
    "chmod chdir symlink symlink_relative link annotated thread pool loop "
    "cwd_link cwd_link_write cwd_link_listdir fd_link dir_fd"
).split()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    settings = {"sharedLoaders": ["TestSharedLoader"], "maxQueued": 5}
    with start(tmp_path_factory.mktemp("hostile"), nodes=(NODES,), settings=settings) as running:
        alice = running.base / "tenants" / "u-alice" / "output"
        alice.mkdir(parents=True)
        (alice / "secret.txt").write_text("secret")
        data = running.base / "user" / "u-alice" / "workflows"
        data.mkdir(parents=True)
        (data / "secret.txt").write_text("secret")
        yield running


def ran(visitor, class_type, **inputs):
    done = visitor.finished(visitor.run({"1": {"class_type": class_type, "inputs": inputs}}))
    assert done["status"]["status_str"] == "success", done["status"]
    return done["outputs"]["1"]["text"]


@pytest.mark.parametrize("place", ["tenants/u-alice/output/secret.txt", "user/u-alice/workflows/secret.txt"])
@pytest.mark.parametrize("way", WAYS)
def test_a_node_cannot_access_another_users_data(hostile, way, place):
    if way in ("walk", "fd_link", "dir_fd") and place.startswith("user"):
        place = "tenants/u-alice/output/secret.txt"
    path = hostile.base / place
    [happened] = ran(hostile.visitor("bob"), "Reach", way=way, path=str(path))
    assert happened.startswith("refused "), happened
    assert path.read_text() == "secret"
    assert sorted(os.listdir(path.parent)) == ["secret.txt"]


@pytest.mark.parametrize("path", ["/etc/hostname", "../../u-alice/output/secret.txt", "../../../token.key"])
def test_an_annotated_path_must_be_in_the_users_folders(hostile, path):
    [happened] = ran(hostile.visitor("bob"), "Reach", way="annotated", path=path)
    assert happened.startswith("refused ") and path in happened, happened


PRIVATE = ("token.key", "public/comfyui.json", "settings.json", "comfyui.log", "/proc/self/environ", "/proc/self/maps")


@pytest.mark.parametrize("place", PRIVATE)
@pytest.mark.parametrize(
    "way", ["open", "open_bytes", "os_open", "pathlib", "copy", "link", "symlink", "thread", "pool", "loop"]
)
def test_a_node_cannot_read_keys_configuration_logs_or_the_environment(hostile, way, place):
    [happened] = ran(hostile.visitor("bob"), "Reach", way=way, path=str(hostile.base / place))
    assert happened.startswith("refused "), happened


def test_a_node_can_access_its_users_data(hostile):
    path = hostile.base / "tenants/u-alice/output/secret.txt"
    assert ran(hostile.visitor("alice"), "Reach", way="open", path=str(path)) == ["got 'secret'"]


@pytest.mark.parametrize("user", ["bob", "carol", "bob"])
def test_threads_tasks_and_pools_belong_to_the_user_of_the_prompt(hostile, user):
    own = str(hostile.base / "tenants" / f"u-{user}" / "output")
    assert ran(hostile.visitor(user), "Where", nonce=uuid.uuid4().hex) == [own] * 6


def test_a_model_is_loaded_once_for_all_users(hostile):
    graph = {
        "1": {"class_type": "TestSharedLoader", "inputs": {"name": "big"}},
        "2": {"class_type": "ShowRuns", "inputs": {"model": ["1", 0]}},
    }
    runs = []
    for user in ("alice", "bob", "carol"):
        visitor = hostile.visitor(user)
        runs += visitor.finished(visitor.run(graph))["outputs"]["2"]["text"]
    assert runs == ["1", "1", "1"]
