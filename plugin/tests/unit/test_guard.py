import os

import pytest
from comfyui_tenant.context import Tenant
from comfyui_tenant.folders import Folders
from comfyui_tenant.guard import Guard

ALICE = Tenant("alice", "u-alice")


@pytest.fixture
def place(tmp_path):
    for name in ("u-alice", "u-bob"):
        for kind in ("input", "output", "temp"):
            (tmp_path / "tenants" / name / kind).mkdir(parents=True)
        (tmp_path / "user" / name).mkdir(parents=True)
    (tmp_path / "user" / "default").mkdir()
    return tmp_path


@pytest.fixture
def guard(place):
    return Guard(Folders(str(place / "tenants")), str(place / "user"))


@pytest.mark.parametrize(
    ("path", "alice", "nobody"),
    [
        ("tenants/u-alice/output/x.png", True, False),
        ("tenants/u-bob/output/x.png", False, False),
        ("tenants/u-alice/../u-bob/x", False, False),
        ("tenants/U-BOB/output", False, False),
        ("TENANTS/u-bob/output", False, False),
        ("tenants/u-alice2/x", False, False),
        ("tenants", False, False),
        ("tenants/", False, False),
        ("tenants/new", False, False),
        ("user/u-alice/workflows/x.json", True, False),
        ("user/u-bob/workflows/x.json", False, False),
        ("user/default/x", True, True),
        ("output/x.png", True, True),
        ("tenants2/u-bob", True, True),
    ],
)
def test_each_user_reaches_their_own_places_and_code_without_a_user_none(place, guard, path, alice, nobody):
    assert guard.allows(ALICE, str(place / path)) == alice
    assert guard.allows(None, str(place / path)) == nobody


def test_a_link_into_another_users_folder_leads_nowhere(place, guard):
    (place / "elsewhere").symlink_to(place / "tenants" / "u-bob")
    assert not guard.allows(ALICE, str(place / "elsewhere" / "output" / "x.png"))


def test_a_link_in_ones_own_folder_does_not_lead_out_of_it(place, guard):
    (place / "tenants" / "u-alice" / "input" / "etc").symlink_to("/etc")
    assert not guard.allows(ALICE, str(place / "tenants/u-alice/input/etc/hostname"))


def test_a_folder_that_the_operator_has_linked_to_another_disk_is_ones_own(place, guard):
    (place / "tenants" / "u-alice" / "temp").rmdir()
    (place / "disk").mkdir()
    (place / "tenants" / "u-alice" / "temp").symlink_to(place / "disk")
    assert guard.allows(ALICE, str(place / "tenants/u-alice/temp/x.png"))


def test_paths_relative_to_the_working_directory_are_judged(place, guard, monkeypatch):
    monkeypatch.chdir(place)
    assert not guard.allows(ALICE, os.path.join("tenants", "u-bob", "x"))
