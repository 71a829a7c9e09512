import os

import pytest
from comfyui_tenant.sandbox_policy import (
    Layout,
    Links,
    harmless,
    is_code,
    is_under,
    outermost,
    readable_places,
    writable_places,
)


@pytest.fixture
def base(tmp_path):
    for name in ("tenants/u-alice", "output", "models/checkpoints", "custom_nodes/pack", "secrets", ".ssh"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "token.key").write_text("key")
    (tmp_path / "main.py").write_text("")
    (tmp_path / "custom_nodes" / "pack" / "__init__.py").write_text("")
    return tmp_path


def layout(base, **more):
    private = (str(base / "tenants"), str(base / "output"), str(base / "token.key"))
    places = {"custom_nodes": (str(base / "custom_nodes"),), "models": (str(base / "models"),)}
    return Layout(**{"code": str(base), "python": (), "import_path": (), "private": private, **places, **more})


def read(base, **more):
    return [place for place in readable_places(layout(base, **more), Links()) if place.startswith(str(base))]


def test_a_parent_of_a_private_place_is_never_allowed_only_its_harmless_children(base):
    found = harmless([str(base)], [str(base / "tenants")])
    assert str(base) not in found and str(base / "tenants") not in found
    assert str(base / "models") in found and str(base / ".ssh") not in found


def test_nothing_in_a_private_place_is_allowed(base):
    assert harmless([str(base / "tenants" / "u-alice")], [str(base / "tenants")]) == []


def test_a_link_to_a_private_place_is_resolved_before_the_check(base):
    (base / "nice").symlink_to(base / "tenants")
    assert harmless([str(base / "nice")], [str(base / "tenants")]) == []


def test_in_comfyuis_folder_only_code_models_and_packs_can_be_read(base):
    assert read(base) == [str(base / name) for name in ("custom_nodes", "main.py", "models")]


@pytest.mark.parametrize("place", ["", "..", "../.."])
def test_a_parent_folder_on_the_import_path_opens_nothing_more(base, place):
    found = read(base, import_path=(os.path.normpath(base / place),))
    assert found == [str(base / name) for name in ("custom_nodes", "main.py", "models")]


@pytest.mark.parametrize("name", ["model_on_another_disk", "nested/deeper"])
def test_targets_of_links_to_models_can_be_read(base, tmp_path_factory, name):
    disk = tmp_path_factory.mktemp("disk")
    link = base / "models" / "checkpoints" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(disk)
    (disk / "further").symlink_to(tmp_path_factory.mktemp("third"))
    found = readable_places(layout(base), Links())
    assert str(disk) in found and os.path.realpath(disk / "further") in found


def test_links_that_users_can_create_are_not_followed(base, tmp_path_factory):
    secret = tmp_path_factory.mktemp("secret")
    loras = base / "models" / "loras"
    loras.mkdir()
    (loras / "link").symlink_to(secret)
    assert str(secret) not in readable_places(layout(base, writable=(str(loras),)), Links())


def test_a_new_link_is_found_without_reading_unchanged_folders(base, tmp_path_factory):
    links, disk = Links(), tmp_path_factory.mktemp("disk")
    assert str(disk) not in readable_places(layout(base), links)
    (base / "models" / "new").symlink_to(disk)
    assert str(disk) in readable_places(layout(base), links)


def test_a_setting_for_a_parent_of_a_private_place_opens_only_the_rest(base):
    found = writable_places(layout(base, writable=(str(base),)))
    assert str(base) not in found and not any(place.startswith(str(base / "tenants")) for place in found)


def test_outermost_drops_places_below_another():
    assert outermost(["/a/b", "/a", "/a-b", "/a/b/c", "/c"]) == ["/a", "/a-b", "/c"]


def test_code_is_what_python_could_import(base):
    with os.scandir(base) as entries:
        assert sorted(entry.name for entry in entries if is_code(entry)) == ["custom_nodes", "main.py", "models"]


@pytest.mark.parametrize(
    ("path", "root", "under"),
    [
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/a/b", "/a/", True),
        ("/ab", "/a", False),
        ("/a", "/a/b", False),
        ("/A/b", "/a", False),
        ("/a", "/", True),
        ("/ab", "/aX", False),
    ],
)
def test_a_place_is_under_a_folder_by_whole_names(path, root, under):
    assert is_under(path, root) == under


def test_in_comfyuis_folder_hidden_files_and_other_folders_are_no_code(base):
    for name in (".hidden.py", "notes.txt", "data.json"):
        (base / name).write_text("")
    for name in ("package", "pictures", "empty"):
        (base / name).mkdir()
    (base / "package" / "a.py").write_text("")
    (base / "pictures" / "a.png").write_text("")
    (base / ".git").mkdir()
    (base / ".git" / "hook.py").write_text("")
    with os.scandir(base) as entries:
        assert sorted(entry.name for entry in entries if is_code(entry)) == ["custom_nodes", "main.py", "models", "package"]


def test_at_every_depth_only_children_that_may_be_read_are_opened(base):
    inner = base / "package" / "inner"
    inner.mkdir(parents=True)
    for folder in (base / "package", inner):
        (folder / "__init__.py").write_text("")
        (folder / "notes.txt").write_text("")
    (inner / "secret").write_text("")
    private = [str(inner / "secret")]
    found = harmless([str(base / "package")], private, is_code)
    assert sorted(found) == sorted([str(inner / "__init__.py"), str(base / "package/__init__.py")])


def test_a_circle_of_links_next_to_a_private_place_ends(base):
    (base / "tenants" / "circle").symlink_to(base)
    (base / "circle").symlink_to(base)
    (base / "models" / "circle").symlink_to(base)
    found = harmless([str(base)], [str(base / "tenants")])
    assert str(base) not in found and str(base / "models") in found
    assert len(found) == len(set(found))


def test_links_in_folders_after_a_missing_or_excluded_one_are_found(base, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    (base / "models" / "link").symlink_to(disk)
    models, missing, never = (str(base / name) for name in ("models", "none", "tenants"))
    for order in ([models, missing, never], [never, missing, models], [missing, models, models]):
        assert Links().out_of(order, [never]) == [str(disk)]


def test_a_link_to_a_file_or_to_nothing_is_a_target_and_is_not_searched(base, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    (disk / "file").write_text("")
    (base / "models" / "a").symlink_to(disk / "file")
    (base / "models" / "b").symlink_to(disk / "none")
    assert sorted(Links().out_of([str(base / "models")], [])) == [str(disk / "file"), str(disk / "none")]


def test_links_in_folders_of_tools_are_not_followed_and_links_to_folders_not_searched_twice(base, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    for name in (".git", "node_modules", "__pycache__"):
        (base / "models" / name).mkdir()
        (base / "models" / name / "link").symlink_to(disk)
    assert Links().out_of([str(base / "models")], []) == []


def test_folders_behind_a_link_that_users_may_not_create_are_searched_by_their_real_path_only(base, tmp_path_factory):
    disk, third = tmp_path_factory.mktemp("disk"), tmp_path_factory.mktemp("third")
    (disk / "inner").mkdir()
    (disk / "inner" / "link").symlink_to(third)
    (base / "models" / "link").symlink_to(disk)
    assert set(Links().out_of([str(base / "models")], [])) == {str(disk), str(third)}
    assert Links().out_of([str(base / "models")], [str(disk)]) == [str(disk)]


def test_unchanged_folders_are_not_read_again(base, tmp_path_factory, monkeypatch):
    disk = tmp_path_factory.mktemp("disk")
    (base / "models" / "checkpoints" / "link").symlink_to(disk)
    links, read = Links(), []
    original = Links._look
    monkeypatch.setattr(Links, "_look", lambda self, folder: read.append(folder) or original(self, folder))
    for _ in range(3):
        assert links.out_of([str(base / "models")], []) == [str(disk)]
    assert sorted(read) == sorted([str(base / "models"), str(base / "models" / "checkpoints"), str(disk)])
    os.utime(base / "models" / "checkpoints", ns=(1, 1))
    links.out_of([str(base / "models")], [])
    assert read[3:] == [str(base / "models" / "checkpoints")]


def test_what_the_settings_and_the_system_need_can_be_read(base, tmp_path_factory):
    own, python, cache = (str(tmp_path_factory.mktemp(name)) for name in ("own", "python", "cache"))
    found = readable_places(layout(base, readable=(own,), python=(python,), model_caches=(cache,)), Links())
    assert {own, python, cache, os.path.realpath("/usr"), os.path.realpath("/etc/passwd")} <= set(found)
    assert "/etc" not in found and os.path.realpath("/etc/shadow") not in found


def test_of_a_folder_on_the_import_path_only_the_code_can_be_read(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("path")
    for name in ("module.py", "notes.txt"):
        (folder / name).write_text("")
    archive = tmp_path_factory.mktemp("archive") / "lib.zip"
    archive.write_text("")
    found = readable_places(layout(base, import_path=(str(folder), str(archive), str(folder / "none"))), Links())
    assert str(folder / "module.py") in found and str(archive) in found
    assert str(folder / "notes.txt") not in found and str(folder) not in found


def test_comfyuis_own_folder_is_readable_as_a_whole_if_nothing_in_it_is_private(base):
    assert str(base) in readable_places(layout(base, private=()), Links())
