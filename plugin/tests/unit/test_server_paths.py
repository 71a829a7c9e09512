"""The server's folders are replaced in what users see."""

import json

import pytest
from aiohttp import web
from comfyui_tenant.hidden_paths import without_paths
from comfyui_tenant.server_paths import ServerPaths

PATHS = ServerPaths(
    [("/srv/comfy", "ComfyUI"), ("/srv/comfy/tenants", "tenants")], lambda: [("/srv/comfy/tenants/u-bob/output", "output")]
)


def test_a_folder_is_replaced_and_a_longer_name_is_not():
    text = "no /srv/comfy/models/x.pt, /srv/comfy, /srv/comfy/tenants/u-bob/output/a.png, /srv/comfyui/y"
    assert PATHS.hide(text) == "no ComfyUI/models/x.pt, ComfyUI, output/a.png, /srv/comfyui/y"
    assert PATHS.hide_in(["at /srv/comfy/main.py", 1]) == ["at ComfyUI/main.py", 1]


def seen(spec, paths=PATHS, **more):
    info = {"Node": {"input": {"required": {"path": spec}}, **more}}
    return json.loads(without_paths(web.json_response(info), paths).body)["Node"]


def test_defaults_and_descriptions_are_replaced():
    node = seen(["STRING", {"default": "/srv/comfy/cache", "tooltip": "in /srv/comfy"}], description="of /srv/comfy/x")
    assert node == {
        "input": {"required": {"path": ["STRING", {"default": "ComfyUI/cache", "tooltip": "in ComfyUI"}]}},
        "description": "of ComfyUI/x",
    }


@pytest.mark.parametrize("folder", ["/srv/comfy/", "/srv/bücher", "/srv/a\\b", '/srv/a"b'])
def test_a_folder_is_found_however_it_is_spelled(folder):
    node = seen(["STRING", {"default": f"{folder.rstrip('/')}/cache"}], ServerPaths([(folder, "ComfyUI")], list))
    assert node["input"]["required"]["path"][1] == {"default": "ComfyUI/cache"}


def test_choices_and_the_users_own_folders_are_unchanged():
    for spec in (
        [["/srv/comfy/a", "/srv/comfy/b"], {"default": "/srv/comfy/b"}],
        ["COMBO", {"options": ["/srv/comfy/a"], "default": "/srv/comfy/a"}],
        ["STRING", {"default": "/srv/comfy/tenants/u-bob/output/x"}],
    ):
        assert seen(spec)["input"]["required"]["path"] == spec


def test_a_response_that_names_no_folder_is_the_same_object():
    response = web.json_response({"Node": {}})
    assert without_paths(response, PATHS) is response
