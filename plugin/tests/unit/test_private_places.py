import os

import pytest
from comfyui_process import GatewayKey
from comfyui_tenant.context import Tenant
from comfyui_tenant.folders import Folders
from comfyui_tenant.guard import Guard
from comfyui_tenant.private_places import places_of, readable_private_keys, reveals_process

ALICE = Tenant("alice", "u-alice")


def beside(tmp_path, key_file: str, *needed: str):
    key = tmp_path / key_file
    key.parent.mkdir(parents=True, exist_ok=True)
    key.touch()
    logs = [str(tmp_path / "user")]
    return places_of([str(key)], [str(tmp_path / "settings.yaml")], [str(tmp_path / one) for one in needed], logs)


@pytest.mark.parametrize(
    "path",
    [
        "srv/.comfy-tenant/public/comfyui.json",
        "srv/.comfy-tenant/public",
        "srv/.comfy-tenant/public/new.json",
        "srv/.comfy-tenant/token.key",
        "srv/.comfy-tenant",
        "srv/comfy-tenant.yaml",
        "srv/comfy-tenant.prod.yml",
        "srv/users.htpasswd",
        "srv/users.htpasswd.bak",
        "srv/dev.jwk",
        "srv/.env",
        "settings.yaml",
        "user/comfyui.log",
        "user/comfyui_8188.prev.log",
    ],
)
def test_keys_users_configuration_and_logs_are_private(tmp_path, path):
    places = beside(tmp_path, "srv/.comfy-tenant/public/comfyui.json")
    assert places.covers(str(tmp_path / path))


@pytest.mark.parametrize("path", ["srv", "srv/models/x.safetensors", "srv/notes.txt", "user/u-alice/comfyui.log", "user"])
def test_other_places_are_not(tmp_path, path):
    assert not beside(tmp_path, "srv/.comfy-tenant/public/comfyui.json").covers(str(tmp_path / path))


def test_in_a_folder_that_comfyui_needs_only_the_secrets_are_private(tmp_path):
    places = beside(tmp_path, "base/token.key", "base/models")
    assert places.covers(str(tmp_path / "base/token.key"))
    assert places.covers(str(tmp_path / "base/verify.key"))
    assert not places.covers(str(tmp_path / "base/models/x.safetensors"))
    with_nodes = beside(tmp_path, "srv/.comfy-tenant/public/comfyui.json", "srv/.comfy-tenant/custom_nodes")
    assert not with_nodes.covers(str(tmp_path / "srv/.comfy-tenant/custom_nodes/a/web/a.js"))
    for name in ("token.key", "verify.key", "service.log", "envoy.yaml"):
        assert with_nodes.covers(str(tmp_path / "srv/.comfy-tenant" / name))


def test_a_linked_key_file_and_its_target_are_private(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "k.json").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    places = beside(tmp_path, "link/k.json")
    assert places.covers(str(tmp_path / "real/k.json"))
    assert places.covers(str(tmp_path / "link/k.json"))


def test_the_sandbox_gets_the_private_places_that_exist(tmp_path):
    places = beside(tmp_path, "srv/.comfy-tenant/public/comfyui.json")
    (tmp_path / "srv/users.htpasswd").touch()
    assert {str(tmp_path / one) for one in ("srv/.comfy-tenant", "srv/.comfy-tenant/public", "srv/users.htpasswd")} <= set(
        places.paths()
    )
    assert str(tmp_path / "settings.yaml") not in places.paths()


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        *((f"/proc/{who}/{what}", True) for who in ("self", "1", "thread-self") for what in ("environ", "mem", "maps")),
        ("/proc/self/task/12/environ", True),
        ("/proc/12/map_files/7f-80", True),
        ("/proc/kcore", True),
        ("/proc/self/status", False),
        ("/proc/meminfo", False),
        ("/proc/cpuinfo", False),
        ("/home/proc/self/environ", False),
    ],
)
def test_environment_and_memory_of_processes_are_private(path, secret):
    assert reveals_process(path) == secret


def test_the_guard_denies_them_to_every_user_and_to_code_without_one(tmp_path):
    places = beside(tmp_path, "srv/.comfy-tenant/public/comfyui.json")
    guard = Guard(Folders(str(tmp_path / "tenants")), str(tmp_path / "user"), places)
    (tmp_path / "way").symlink_to(tmp_path / "srv/.comfy-tenant")
    for path in ("srv/.comfy-tenant/public/comfyui.json", "settings.yaml", "way/public/comfyui.json", "user/comfyui.log"):
        assert not guard.allows(ALICE, str(tmp_path / path))
        assert not guard.allows(None, str(tmp_path / path))
    assert not guard.allows(ALICE, "/proc/self/environ")
    assert not guard.allows(ALICE, f"/proc/{os.getpid()}/maps")
    assert guard.allows(ALICE, "/proc/cpuinfo")
    assert guard.allows(None, "/proc/self/maps")


def test_private_keys_that_can_be_read_are_found(tmp_path):
    public = tmp_path / "public" / "comfyui.json"
    public.parent.mkdir()
    public.write_text(GatewayKey().public_file())
    assert readable_private_keys([str(public)]) == []
    (tmp_path / "token.key").write_text(GatewayKey().private_file())
    (tmp_path / "other.key").write_text("nothing")
    os.mkfifo(tmp_path / "pipe.key")
    assert readable_private_keys([str(public)]) == [str(tmp_path / "token.key")]


@pytest.mark.parametrize("text", ["-----BEGIN PRIVATE KEY-----\nMC4=\n", '{"keys": [{"kty": "OKP", "d" : "x"}]}', '{"d":"x"}'])
def test_a_private_key_is_recognized_in_each_format(tmp_path, text):
    (tmp_path / "public.json").touch()
    (tmp_path / "other.pem").write_text(text)
    assert readable_private_keys([str(tmp_path / "public.json")]) == [str(tmp_path / "other.pem")]


def test_a_private_key_after_other_bytes_is_found_and_bytes_alone_are_none(tmp_path):
    (tmp_path / "a.key").write_bytes(b"\xff\xfe\x80-----BEGIN PRIVATE KEY-----")
    (tmp_path / "b.key").write_bytes(b"\xff\xfe\x80")
    assert readable_private_keys([str(tmp_path / "public.json")]) == [str(tmp_path / "a.key")]


def test_a_key_that_cannot_be_read_is_none_and_the_next_folder_is_searched(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token.key").write_text(GatewayKey().private_file())
    files = [str(tmp_path / name / "comfyui.json") for name in ("none", "a", "b")]
    assert readable_private_keys(files) == [str(tmp_path / name / "token.key") for name in ("a", "b")]
    monkeypatch.setattr("builtins.open", lambda *_args, **_kwargs: (_ for _ in ()).throw(PermissionError()))
    assert readable_private_keys(files) == []


def test_a_folder_with_the_name_of_a_key_holds_none(tmp_path):
    (tmp_path / "x.key").mkdir()
    assert readable_private_keys([str(tmp_path / "public.json")]) == []


def test_the_folder_above_public_counts_and_those_above_other_folders_do_not(tmp_path):
    for folder in ("srv/public", "srv/else"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "srv/token.key").write_text(GatewayKey().private_file())
    assert readable_private_keys([str(tmp_path / "srv/else/comfyui.json")]) == []
    assert readable_private_keys([str(tmp_path / "srv/public/comfyui.json")]) == [str(tmp_path / "srv/token.key")]


def test_a_missing_log_folder_is_skipped_and_later_places_are_found(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/comfyui.log").touch()
    (tmp_path / "logs/notes.txt").touch()
    places = places_of([], [], [], [str(tmp_path / "none"), str(tmp_path / "logs")])
    assert places.paths() == [str(tmp_path / "logs/comfyui.log")]
    assert not places.covers(str(tmp_path / "logs"))
