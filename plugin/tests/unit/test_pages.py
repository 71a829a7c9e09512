"""Error pages for browsers, and JSON for programs."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from comfyui_tenant.pages import for_browser, language_of
from comfyui_tenant.responses import error

BROWSER = {"Accept": "text/html,application/xhtml+xml", "X-Request-Id": "5a6b-1"}


def page(response, **headers):
    request = make_mocked_request("GET", "/<script>", headers={**BROWSER, **headers})
    return for_browser(request, response)


def test_a_program_gets_the_json_itself():
    response = error(403, "route_closed", "closed")
    assert for_browser(make_mocked_request("GET", "/", headers={"Accept": "*/*"}), response) is response
    assert for_browser(make_mocked_request("GET", "/"), response) is response


def test_a_browser_gets_the_message_the_remedy_and_the_request_id():
    shown = page(error(507, "storage_full", "you use 2 of 2 GB", "delete <some>"))
    assert (shown.status, shown.content_type) == (507, "text/html")
    assert "<p>You use 2 of 2 GB</p>" in shown.text
    assert "<p>Delete &lt;some&gt;</p>" in shown.text
    assert "<code>5a6b-1</code>" in shown.text


def test_nothing_of_the_request_is_shown():
    assert "<script" not in page(web.Response(status=404), **{"X-Request-Id": "<script>", "Accept-Language": "<script>"}).text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 411, 413, 429, 500, 503, 507])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_status_has_a_page(status, language):
    shown = page(error(status, "code", "message"), **{"Accept-Language": language})
    assert f'<main lang="{language}">' in shown.text
    assert ("Refresh" in shown.headers) == (status == 503)
    assert ("Retry-After" in shown.headers) == (status in (429, 503))


def test_a_bare_response_gets_a_page_and_one_with_content_stays():
    assert page(web.Response(status=404)).content_type == "text/html"
    assert page(web.HTTPNotFound()).content_type == "text/html"
    for own in (web.json_response({"error": "x"}, status=400), web.Response(status=404, text="no such model"), web.Response()):
        assert page(own) is own


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de,zh;q=0.5", "zh"),
        ("en;q=0.1,ZH-TW;q=0.2", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=1.1.1,en", "en"),
        ("zha", "en"),
    ],
)
def test_the_language_is_the_preferred_one(accepted, language):
    assert language_of(accepted) == language
