"""Names in the shared library."""

import json
import os

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from comfyui_tenant.library import INPUT, WORKFLOWS, Library, library_root
from comfyui_tenant.library_routes import refusal_to_write, with_inputs, with_workflows, workflow_of


@pytest.fixture
def library(tmp_path):
    for name in ("input/desk.png", "input/sets/a.png", "input/voice.wav", "workflows/first.json", "workflows/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "input" / "out.png").symlink_to(tmp_path / "secret.txt")
    return Library(str(tmp_path))


def test_files_are_found_by_the_name_that_users_see(library):
    assert library.find(INPUT, "library/desk.png").endswith("/input/desk.png")
    assert library.find(INPUT, "library/sets/a.png").endswith("/input/sets/a.png")
    assert library.find(WORKFLOWS, "library/first.json") is not None


@pytest.mark.parametrize(
    "name",
    [
        "desk.png",
        "library",
        "library/",
        "library/missing.png",
        "library/sets",
        "library/../secret.txt",
        "library/sets/../../secret.txt",
        "library//desk.png",
        "library/./desk.png",
        "library/.hidden",
        "library/out.png",
        "library\\desk.png",
        "library/sets\\..\\desk.png",
        "library/desk.png\0",
        "/library/desk.png",
        "../library/desk.png",
        "",
    ],
)
def test_nothing_else_is_found(library, name):
    assert library.find(INPUT, name) is None


def test_lists_have_no_hidden_files_and_no_links(library):
    assert [file.name for file in library.files(INPUT)] == ["desk.png", "sets/a.png", "voice.wav"]
    assert [file.name for file in library.files(WORKFLOWS)] == ["first.json"]
    assert library.inputs_of_type("image") == ["library/desk.png", "library/sets/a.png"]


def test_without_a_library_nothing_changes(tmp_path):
    none = Library(library_root(None, str(tmp_path)))
    assert none.files(INPUT) == [] and none.find(INPUT, "library/desk.png") is None
    assert refusal_to_write(none, "workflows/library/x.json") is None
    (tmp_path / "library").mkdir()
    assert library_root(None, str(tmp_path)) is None
    (tmp_path / "library" / "workflows").mkdir()
    assert library_root(None, str(tmp_path)) == os.path.join(str(tmp_path), "library")
    assert library_root("/data/library", str(tmp_path)) == "/data/library"


def test_nodes_offer_the_inputs_of_their_type(library):
    nodes = {
        "LoadImage": {"input": {"required": {"image": [["own.png"], {"image_upload": True}]}}},
        "LoadAudio": {"input": {"optional": {"audio": ["COMBO", {"options": [], "audio_upload": True}]}}},
        "Other": {"input": {"required": {"choice": [["a"], {}], "number": ["INT", {"default": 1}]}}},
    }
    shown = json.loads(with_inputs(web.json_response(nodes), library).body)
    assert shown["LoadImage"]["input"]["required"]["image"][0] == ["own.png", "library/desk.png", "library/sets/a.png"]
    assert shown["LoadAudio"]["input"]["optional"]["audio"][1]["options"] == ["library/voice.wav"]
    assert shown["Other"] == nodes["Other"]


@pytest.mark.parametrize(
    ("query", "entry"),
    [
        ("dir=workflows&recurse=true", "library/first.json"),
        ("dir=workflows&recurse=true&split=true", ["library/first.json", "library", "first.json"]),
        ("dir=workflows/&recurse=true", "library/first.json"),
    ],
)
def test_workflows_are_listed_as_comfyui_lists_them(library, query, entry):
    request = make_mocked_request("GET", f"/userdata?{query}")
    assert json.loads(with_workflows(web.json_response(["own.json"]), request, library).text) == ["own.json", entry]
    assert json.loads(with_workflows(web.Response(status=404), request, library).text) == [entry]


@pytest.mark.parametrize("query", ["dir=workflows", "dir=other&recurse=true", "recurse=true"])
def test_other_lists_do_not_change(library, query):
    response = web.json_response([])
    assert with_workflows(response, make_mocked_request("GET", f"/userdata?{query}"), library) is response


def test_workflows_are_read_and_never_written(library):
    assert workflow_of("workflows/library/first.json", library).body == b"{}"
    for name in ("workflows/first.json", "library/first.json", "workflows/library/../../secret.txt", "workflows/library"):
        assert workflow_of(name, library) is None
    assert refusal_to_write(library, "workflows/library/new.json").status == 403
    assert refusal_to_write(library, "workflows/own.json", "workflows/library/new.json").status == 403
    assert refusal_to_write(library, "workflows/own.json") is None
