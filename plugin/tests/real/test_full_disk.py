"""On a full disk, previously saved files are unchanged and the user gets an error."""

import json
import os
import subprocess

import pytest
from comfyui_process import image, start
from PIL import Image

ROOM = 512 * 1024


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A ComfyUI whose users' files and user data are on a disk of half a megabyte."""
    base = tmp_path_factory.mktemp("small")
    disk = base / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    assert mounted.returncode == 0, f"a small disk cannot be mounted, run this test as root: {mounted.stderr}"
    try:
        for name in ("tenants", "user"):
            (disk / name).mkdir()
        settings = {"tenantsDir": str(disk / "tenants"), "minFreeBytes": 0}
        with start(base, settings=settings, args=("--user-directory", str(disk / "user"))) as running:
            yield running
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def full(small):
    """The same, with 8 KB left."""
    filler = small.base / "disk" / "filler"

    def fill() -> None:
        free = os.statvfs(small.base / "disk")
        filler.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - 8192))

    try:
        yield small, fill
    finally:
        filler.unlink(missing_ok=True)


def no_leftovers(small):
    found = [name for _, _, names in os.walk(small.base / "disk") for name in names if "comfy-tenant" in name]
    assert found == []


def refused(answer):
    assert answer.status == 507, answer.text
    assert answer.json()["error"]["type"] == "storage_full"
    assert "not saved" in answer.json()["error"]["message"]


def test_a_workflow_is_replaced_atomically(full):
    small, fill = full
    alice = small.visitor("alice")
    before = {"nodes": ["before"] * 1000}
    assert alice.post("/userdata/workflows%2Fa.json", before).status == 200
    fill()
    refused(alice.post("/userdata/workflows%2Fa.json?overwrite=true", {"nodes": ["after"] * 4000}))
    assert alice.ask("/userdata/workflows%2Fa.json").json() == before
    refused(alice.post("/userdata/workflows%2Fnew.json", {"nodes": ["after"] * 4000}))
    assert alice.ask("/userdata/workflows%2Fnew.json").status == 404
    no_leftovers(small)


def test_settings_are_replaced_atomically(full):
    small, fill = full
    alice = small.visitor("alice")
    assert alice.post("/settings", {"Own.setting": "before"}).status == 200
    fill()
    refused(alice.post("/settings", {"Own.setting": "after" * 4000}))
    refused(alice.post("/settings/Own.other", ["after"] * 4000))
    assert alice.ask("/settings").json() == {"Own.setting": "before"}
    no_leftovers(small)


@pytest.mark.parametrize("kind", ["input", "output", "temp"])
def test_an_upload_is_replaced_atomically(full, kind):
    small, fill = full
    alice = small.visitor("alice")
    before = image((1, 2, 3))
    assert alice.upload("a.png", before, type=kind).status == 200
    fill()
    refused(alice.upload("a.png", os.urandom(50_000), type=kind, overwrite="true"))
    assert alice.ask(f"/view?filename=a.png&type={kind}").body == before
    no_leftovers(small)


def test_a_mask_is_replaced_atomically(full):
    small, fill = full
    alice = small.visitor("alice")
    noise = os.urandom(3 * 150 * 150)
    made = small.base / "noise.png"
    Image.frombytes("RGB", (150, 150), noise).save(made)
    assert alice.upload("noise.png", made.read_bytes()).status == 200
    reference = json.dumps({"filename": "noise.png", "type": "input"})
    mask = image((0, 0, 0), (150, 150))
    assert alice.upload("mask.png", image((9, 9, 9)), "/upload/image").status == 200
    before = alice.ask("/view?filename=mask.png&type=input").body
    fill()
    refused(alice.upload("mask.png", mask, "/upload/mask", original_ref=reference, overwrite="true"))
    assert alice.ask("/view?filename=mask.png&type=input").body == before
    no_leftovers(small)


def test_below_the_minimum_of_free_bytes_nothing_is_stored(tmp_path):
    with start(tmp_path, settings={"minFreeBytes": 10**15}) as running:
        answer = running.visitor("alice").upload("a.png", image())
        assert (answer.status, answer.json()["error"]["type"]) == (507, "storage_full")
        assert running.visitor("alice").post("/userdata/a.json", {}).status == 507


def test_a_saved_file_keeps_its_mode_and_stale_temporary_files_are_removed(small):
    alice = small.visitor("alice")
    assert alice.post("/userdata/workflows%2Fm.json", {}).status == 200
    path = small.base / "disk/user/u-alice/workflows/m.json"
    path.chmod(0o640)
    left = path.parent / ".comfy-tenant-0123456789abcdef.tmp"
    left.write_text("x")
    assert "comfy-tenant" not in alice.ask("/v2/userdata?path=workflows").text
    assert "comfy-tenant" not in alice.ask("/userdata?dir=workflows&recurse=true").text
    os.utime(left, (1, 1))
    assert alice.post("/userdata/workflows%2Fm.json", {"a": 1}).status == 200
    assert path.stat().st_mode & 0o777 == 0o640
    assert not left.exists()
