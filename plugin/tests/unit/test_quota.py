import shutil
from types import SimpleNamespace

import pytest
from comfyui_tenant.context import Tenant
from comfyui_tenant.folders import Folders
from comfyui_tenant.quota import Quota, bytes_below
from comfyui_tenant.settings import Settings

ALICE, BOB = Tenant("alice", "u-alice"), Tenant("bob", "u-bob")


@pytest.fixture
def quota(tmp_path):
    (tmp_path / "u-alice" / "input" / "sub").mkdir(parents=True)
    (tmp_path / "u-alice" / "input" / "sub" / "a").write_bytes(b"x" * 60)
    (tmp_path / "u-alice" / "temp").mkdir()
    (tmp_path / "u-alice" / "temp" / "t").write_bytes(b"x" * 500)
    return Quota(Settings(quota_bytes=100), Folders(str(tmp_path)))


def test_input_and_output_count_and_temp_does_not(quota):
    assert quota.used(ALICE) == 60
    assert quota.used(BOB) == 0


def test_an_upload_that_fits_exactly_is_accepted_and_one_byte_more_is_not(quota):
    assert quota.reserve(ALICE, 41) == ("your storage is full: 60 of 100 bytes used; delete some of your inputs or outputs")
    assert quota.reserve(ALICE, 40) is None


def test_concurrent_uploads_are_added_up_until_they_end(quota):
    assert quota.reserve(ALICE, 30) is None
    assert "90 of 100" in quota.reserve(ALICE, 30)
    assert quota.reserve(BOB, 100) is None
    quota.release(ALICE, 30)
    assert quota.reserve(ALICE, 30) is None


def test_nothing_is_stored_on_an_almost_full_disk(tmp_path):
    quota = Quota(Settings(min_free_bytes=1 << 60), Folders(str(tmp_path)))
    assert quota.reserve(ALICE, 1).startswith("the server's disk is almost full: ")


def test_links_are_not_followed_when_counting(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "big").write_bytes(b"x" * 1000)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "big")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    assert bytes_below(str(tmp_path / "in")) == 0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_count_is_reused_for_five_seconds(tmp_path):
    clock = Clock()
    quota = Quota(Settings(quota_bytes=100), Folders(str(tmp_path)), clock)
    (tmp_path / "u-alice" / "output").mkdir(parents=True)
    assert quota.used(ALICE) == 0
    (tmp_path / "u-alice" / "output" / "a").write_bytes(b"x" * 60)
    clock.now += 5
    assert quota.used(ALICE) == 0
    clock.now += 0.1
    assert quota.used(ALICE) == 60


def test_a_finished_upload_is_counted_at_once(quota, tmp_path):
    assert quota.reserve(ALICE, 40) is None
    (tmp_path / "u-alice" / "input" / "b").write_bytes(b"x" * 40)
    quota.release(ALICE, 40)
    assert quota.used(ALICE) == 100
    assert "100 of 100" in quota.reserve(ALICE, 0), "even an empty upload"


def test_a_reservation_of_one_byte_counts_and_ends(tmp_path):
    quota = Quota(Settings(quota_bytes=2), Folders(str(tmp_path)))
    assert quota.reserve(ALICE, 1) is None
    assert quota.reserve(ALICE, 1) is None
    assert "2 of 2" in quota.reserve(ALICE, 1)
    quota.release(ALICE, 1)
    assert quota.reserve(ALICE, 1) is None
    quota.release(ALICE, 1)
    quota.release(ALICE, 1)
    assert quota.reserve(ALICE, 2) is None


def test_uploads_count_even_without_a_quota_and_other_users_keep_theirs(tmp_path):
    quota = Quota(Settings(quota_bytes=10), Folders(str(tmp_path)))
    assert quota.reserve(BOB, 6) is None
    assert quota.reserve(ALICE, 6) is None
    quota.release(ALICE, 6)
    assert "6 of 10" in quota.reserve(BOB, 6)
    assert quota.counts
    assert not Quota(Settings(), Folders(str(tmp_path))).counts
    assert Quota(Settings(), Folders(str(tmp_path))).reserve(ALICE, 1 << 20) is None


@pytest.mark.parametrize(("free", "full"), [(149, True), (150, False), (151, False)])
def test_a_disk_keeps_its_free_space_after_the_upload(tmp_path, monkeypatch, free, full):
    spacious, small = str(tmp_path), str(tmp_path / "small")
    monkeypatch.setattr(shutil, "disk_usage", lambda disk: SimpleNamespace(free=free if disk == small else 1 << 60))
    settings = Settings(min_free_bytes=100)
    assert (Quota(settings, Folders(spacious), disks=[small]).why_full(50) is not None) == full
    assert Quota(settings, Folders(spacious)).why_full(50) is None
    assert Quota(Settings(min_free_bytes=0), Folders(small)).why_full(1000) is None


def test_files_in_every_folder_count_and_a_missing_folder_counts_nothing(tmp_path):
    for name in ("a", "b/c", "d/e/f"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_bytes(b"x" * 7)
    assert bytes_below(str(tmp_path)) == 21
    assert bytes_below(str(tmp_path / "none")) == 0
