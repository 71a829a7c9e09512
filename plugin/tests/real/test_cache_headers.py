"""No cache, neither a shared one nor that of a shared browser, gives one user's responses to another."""

import re

import pytest
from comfyui_process import TOOLS, graph, image, start
from comfyui_tenant.cache_headers import _HASHED


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


def hashed_file() -> str:
    return next(
        path.name
        for path in sorted((TOOLS / "frontend" / "assets").glob("*.js"))
        if re.search(r"-[A-Z0-9_]\w{7}\.js$", path.name)
    )


def test_files_named_by_their_content_are_not_asked_for_again(alice):
    path = f"/assets/{hashed_file()}"
    answer = alice.ask(path)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = alice.ask(path, headers={"If-None-Match": answer.headers["Etag"]})
    assert (again.status, again.headers["Cache-Control"]) == (304, "private, max-age=31536000, immutable")


def test_no_other_answer_for_such_a_name_is_kept(comfyui, alice):
    name = hashed_file()
    for path in (f"/assets/missing-{name[-11:]}", f"/api/assets/{name}", f"/extensions/comfy-tenant/assets/{name}"):
        assert "max-age" not in alice.ask(path).headers.get("Cache-Control", ""), path
    assert "max-age" not in comfyui.visitor("").ask(f"/assets/{name}").headers.get("Cache-Control", "")
    for path in ("/", "/index.html", "/scripts/app.js", "/user.css"):
        assert "max-age" not in alice.ask(path).headers.get("Cache-Control", ""), path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/assets/index-CVPxLLY0.js", True),
        ("/assets/nested/x-b_-9Z0aQ.woff2", True),
        ("/assets/my-settings.js", False),
        ("/assets/my-Settings.js", False),
        ("/assets/my-SETTINGS.js", False),
        ("/assets/picture-20260131.png", False),
        ("/assets/CREDIT.txt", False),
        ("/other/index-CVPxLLY0.js", False),
        ("/assets/index-CVPxLLY0.js/", False),
    ],
)
def test_which_names_contain_a_hash(path, expected):
    assert (_HASHED.fullmatch(path) is not None) is expected
