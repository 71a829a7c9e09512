"""No cache, neither a shared one nor that of a shared browser, gives one user's responses to another."""

import pytest
from comfyui_process import graph, image, start


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory):
    with start(tmp_path_factory.mktemp("cache")) as running:
        yield running


@pytest.fixture(scope="module")
def alice(comfyui):
    visitor = comfyui.visitor("alice")
    visitor.upload("own.png", image())
    visitor.post("/userdata/own.png", {"not": "an image"})
    visitor.finished(visitor.run(graph("own.png", "own")))
    return visitor


PATHS = [
    "/",
    "/view?filename=own.png&type=input",
    "/view?filename=own_00001_.png",
    "/view?filename=own.png&type=input&preview=webp",
    "/view?filename=missing.png",
    "/userdata/own.png",
    "/api/userdata/own.png",
    "/userdata/missing.png",
    "/history",
    "/queue",
    "/object_info",
    "/internal/folder_paths",
    "/_tenant/me",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_users_response_is_not_cached_for_others(alice, path):
    directives = {part.strip() for part in alice.ask(path).headers["Cache-Control"].split(",")}
    assert "no-store" in directives or {"private", "no-cache"} <= directives
    assert not directives & {"public", "max-age=86400", "max-age=3600"}


def test_a_denied_response_is_not_cached(comfyui):
    answer = comfyui.visitor("").ask("/view?filename=own.png&type=input")
    assert answer.status == 401
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_browser_revalidates_its_copy_and_another_user_gets_nothing(comfyui, alice):
    path = "/view?filename=own.png&type=input"
    tag = alice.ask(path).headers["Etag"]
    assert alice.ask(path, headers={"If-None-Match": tag}).status == 304
    assert comfyui.visitor("bob").ask(path, headers={"If-None-Match": tag}).status == 404


def test_the_files_of_the_web_ui_may_be_cached(alice):
    assert "private" not in alice.ask("/scripts/app.js").headers.get("Cache-Control", "")
