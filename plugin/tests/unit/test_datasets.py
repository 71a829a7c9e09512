"""Each user has a separate datasets folder; the server's own code sees the shared one."""

import sys
import types

import pytest
from comfyui_tenant import context, datasets
from comfyui_tenant.context import Tenant
from comfyui_tenant.folders import Folders

BOB, ALICE = Tenant("bob", "u-bob"), Tenant("alice", "u-alice")


@pytest.fixture
def folder_paths(monkeypatch, tmp_path):
    module = types.ModuleType("folder_paths")
    known = {"datasets": ["/shared/datasets"], "loras": ["/models/loras"]}
    module.get_folder_paths = lambda folder_name: known[folder_name][:]
    module.get_filename_list = lambda folder_name: [f"of {folder_name}"]
    monkeypatch.setitem(sys.modules, "folder_paths", module)
    datasets.install(Folders(str(tmp_path)))
    return module


def test_each_user_has_a_separate_folder(folder_paths, tmp_path):
    with context.as_tenant(BOB):
        assert folder_paths.get_folder_paths("datasets") == [str(tmp_path / "u-bob" / "datasets")]
        assert (tmp_path / "u-bob" / "datasets").is_dir()
    with context.as_tenant(ALICE):
        assert folder_paths.get_folder_paths("datasets") == [str(tmp_path / "u-alice" / "datasets")]


def test_only_the_user_sees_the_files_in_it(folder_paths, tmp_path):
    with context.as_tenant(BOB):
        (tmp_path / "u-bob" / "datasets" / "one").mkdir(parents=True)
        (tmp_path / "u-bob" / "datasets" / "one" / "1.png").write_text("")
        assert folder_paths.get_filename_list("datasets") == ["one/1.png"]
    with context.as_tenant(ALICE):
        assert folder_paths.get_filename_list("datasets") == []


def test_other_folders_and_code_without_a_user_are_unchanged(folder_paths):
    assert folder_paths.get_folder_paths("datasets") == ["/shared/datasets"]
    with context.as_tenant(BOB):
        assert folder_paths.get_folder_paths("loras") == ["/models/loras"]
        assert folder_paths.get_filename_list("loras") == ["of loras"]


def test_a_comfyui_without_datasets_is_unchanged(folder_paths):
    folder_paths.get_folder_paths = lambda folder_name: {}[folder_name]
    datasets.wrap(folder_paths, "get_folder_paths", lambda original: datasets._paths(original, None))
    with context.as_tenant(BOB), pytest.raises(KeyError):
        folder_paths.get_folder_paths("datasets")
