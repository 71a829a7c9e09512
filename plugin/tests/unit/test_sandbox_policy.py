import os

import pytest
from comfyui_tenant.sandbox_policy import Layout, Links, harmless, is_code, outermost, readable_places, writable_places


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
    found = harmless(str(base), [str(base / "tenants")])
    assert str(base) not in found and str(base / "tenants") not in found
    assert str(base / "models") in found and str(base / ".ssh") not in found


def test_nothing_in_a_private_place_is_allowed(base):
    assert harmless(str(base / "tenants" / "u-alice"), [str(base / "tenants")]) == []


def test_a_link_to_a_private_place_is_resolved_before_the_check(base):
    (base / "nice").symlink_to(base / "tenants")
    assert harmless(str(base / "nice"), [str(base / "tenants")]) == []


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
