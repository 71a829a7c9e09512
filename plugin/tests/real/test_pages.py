"""Errors of a real ComfyUI are pages in a browser and JSON for programs."""

import pytest

BROWSER = {"Accept": "text/html,*/*;q=0.8", "X-Request-Id": "5a6b-1"}


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/internal/folder_paths", 403, "Access denied"),
        ("/missing/<script>", 404, "Not found"),
        ("/view?filename=missing.png", 404, "Not found"),
        ("/api/view?filename=../../x.png", 400, "Malformed request"),
    ],
)
def test_a_browser_gets_a_page(comfyui, path, status, title):
    answer = comfyui.visitor("alice").ask(path.replace("<", "%3C"), headers=BROWSER)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in answer.text
    assert "<code>5a6b-1</code>" in answer.text
    assert "<script" not in answer.text


def test_a_request_without_the_gateway_gets_a_page_too(comfyui):
    answer = comfyui.visitor("").ask("/", headers=BROWSER)
    assert answer.status == 401
    assert '<main lang="en">' in answer.text


def test_a_program_gets_what_comfyui_says(comfyui):
    alice = comfyui.visitor("alice")
    assert alice.ask("/internal/folder_paths").json()["error"]["type"] == "route_closed"
    missing = alice.ask("/view?filename=missing.png")
    assert (missing.status, missing.body) == (404, b"")


def test_pages_of_comfyui_are_not_replaced(comfyui):
    answer = comfyui.visitor("alice").ask("/", headers=BROWSER)
    assert answer.status == 200
    assert '<main lang="en">' not in answer.text
