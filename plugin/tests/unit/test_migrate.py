import tarfile

import pytest
from comfyui_tenant.__main__ import main
from comfyui_tenant.migrate import encoded
from comfyui_tenant.tenant_path import directory_of, is_user_id


@pytest.fixture
def base(tmp_path):
    made = tmp_path / "comfyui"
    for name in ("input/a.png", "output/sub/b.png", "user/default/workflows/w.json", "input/example.png"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


def tree(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def run(base, *args):
    return main(["--base", str(base), *args])


ADOPTED = {
    "input/example.png": "input/example.png",
    "tenants/u-alice/input/a.png": "input/a.png",
    "tenants/u-alice/output/sub/b.png": "output/sub/b.png",
    "user/u-alice/workflows/w.json": "user/default/workflows/w.json",
}


@pytest.mark.parametrize("command", [["adopt", "--user", "alice"], ["leave", "--user", "alice"], ["remove", "--user", "alice"]])
def test_without_yes_nothing_is_changed(base, command, capsys):
    before = tree(base)
    assert run(base, *command) == 0
    assert tree(base) == before
    assert capsys.readouterr().err == "nothing was changed: add --yes to make the changes\n"


def test_a_single_users_files_go_to_a_user_and_come_back(base):
    before = tree(base)
    assert run(base, "adopt", "--user", "alice", "--yes") == 0
    assert tree(base) == ADOPTED
    assert run(base, "leave", "--user", "alice", "--yes") == 0
    assert tree(base) == before


def test_a_copy_leaves_the_originals_and_can_be_run_again(base):
    before = tree(base)
    for _ in range(2):
        assert run(base, "adopt", "--user", "alice", "--copy", "--yes") == 0
        assert tree(base) == {**before, **ADOPTED}


def test_an_existing_target_is_kept_and_so_is_the_source(base, capsys):
    mine = base / "tenants/u-alice/input/a.png"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert run(base, "adopt", "--user", "alice", "--yes") == 0
    assert mine.read_text() == "mine"
    assert (base / "input/a.png").read_text() == "input/a.png"
    assert f"kept: {base / 'input/a.png'} ({mine} exists)" in capsys.readouterr().out


def test_links_are_not_followed(base, capsys):
    (base / "input" / "link.png").symlink_to("/etc/hostname")
    run(base, "adopt", "--user", "alice", "--yes")
    assert not (base / "tenants/u-alice/input/link.png").exists()
    assert "link.png (a link)" in capsys.readouterr().out


def test_a_user_is_archived_and_deleted_after_the_size_is_shown(base, capsys):
    run(base, "adopt", "--user", "alice", "--yes")
    file = base.parent / "alice.tar.gz"
    assert run(base, "remove", "--user", "alice", "--archive", str(file), "--yes") == 0
    assert f"{base / 'tenants/u-alice'}: 27 bytes" in capsys.readouterr().out
    assert tree(base) == {"input/example.png": "input/example.png"}
    with tarfile.open(file) as tar:
        assert "tenants/u-alice/input/a.png" in tar.getnames()


def test_an_existing_archive_is_not_overwritten_and_nothing_is_deleted(base, capsys):
    run(base, "adopt", "--user", "alice", "--yes")
    file = base.parent / "alice.tar.gz"
    file.write_text("older")
    assert run(base, "remove", "--user", "alice", "--archive", str(file), "--yes") == 64
    assert capsys.readouterr().err == f"{file}: already exists; choose another file\n"
    assert tree(base) == ADOPTED


def test_keeping_changes_nothing(base):
    run(base, "adopt", "--user", "alice", "--yes")
    assert run(base, "remove", "--user", "alice", "--keep", "--yes") == 0
    assert tree(base) == ADOPTED


def test_funarts_folders_are_imported_under_the_gateways_ids(base, tmp_path):
    for name in ("users/Jürgen/output/x.png", "users/bob/user/default/workflows/w.json", "users/bob/input/i.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert run(base, "import-funart", str(tmp_path / "users"), "--yes") == 0
    assert (base / "tenants" / directory_of("J%C3%BCrgen") / "output/x.png").exists()
    assert (base / "user/u-bob/workflows/w.json").exists()
    assert (base / "tenants/u-bob/input/i.png").exists()
    assert (tmp_path / "users/bob/input/i.png").exists()


def test_a_user_id_that_the_gateway_does_not_produce_is_refused(base, capsys):
    assert run(base, "adopt", "--user", "../bob", "--yes") == 64
    assert capsys.readouterr().err.startswith("../bob: must be a user id in the gateway's encoding: ")


def test_a_base_without_user_data_is_refused(tmp_path, capsys):
    assert run(tmp_path, "adopt", "--user", "alice") == 64
    assert capsys.readouterr().err == f"--base {tmp_path}: has no folder `user`; use ComfyUI's base directory\n"


@pytest.mark.parametrize("identity", ["alice", "Jürgen", "a/b", "default", ".x", "a~b", "a b", "ALICE", "..", "日本"])
def test_any_identity_becomes_a_user_id(identity):
    assert is_user_id(encoded(identity))
