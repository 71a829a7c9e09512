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
