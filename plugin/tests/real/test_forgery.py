"""Requests to ComfyUI's port that bypass the gateway."""

import http.client

import pytest
from comfyui_process import GatewayKey, token

USER, TOKEN = "X-FunArt-Comfy-UserId", "X-FunArt-Comfy-Token"


def ask(comfyui, pairs, path="/queue"):
    connection = http.client.HTTPConnection(comfyui.url.removeprefix("http://"))
    connection.putrequest("GET", path)
    for name, value in pairs:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("path", ["/queue", "/api/queue", "/", "/internal/files/input", "/ws", "/api/_tenant/me"])
def test_requests_without_the_gateway_are_refused(comfyui, path):
    good = token(comfyui.key, "alice")
    bad = {
        401: [[], [(USER, "")], [(TOKEN, good)], [("X_FunArt_Comfy_UserId", "alice"), (TOKEN, good)]],
        403: [
            [(USER, "alice")],
            [(USER, "bob"), (TOKEN, good)],
            [(USER, "alice"), (USER, "alice"), (TOKEN, good)],
            [(USER, "alice"), (USER.lower(), "bob"), (TOKEN, good)],
            [(USER, "alice"), (TOKEN, good), (TOKEN, good)],
            [(USER, "alice"), (TOKEN, token(GatewayKey(), "alice"))],
            [(USER, "alice"), (TOKEN, token(comfyui.key, "alice", exp=1))],
            [(USER, "alice"), (TOKEN, token(comfyui.key, "alice", aud="comfyui-of-another"))],
            [(USER, "alice"), (TOKEN, token(comfyui.key, "alice", exp=2**31))],
            [(USER, "alice"), (TOKEN, token(comfyui.key.private.public_key().public_bytes_raw(), "alice"))],
            [(USER, "../alice"), (TOKEN, token(comfyui.key, "../alice"))],
            [(USER, "default"), (TOKEN, token(comfyui.key, "default"))],
            [(USER, "alice, bob"), (TOKEN, good)],
        ],
    }
    for status, requests in bad.items():
        assert [ask(comfyui, pairs, path)[0] for pairs in requests] == [status] * len(requests)


def test_the_gateways_headers_are_accepted_in_any_letter_case(comfyui):
    good = token(comfyui.key, "alice")
    assert ask(comfyui, [(USER.lower(), "alice"), (TOKEN.upper(), good)])[0] == 200


def test_a_connection_keeps_no_user_between_requests(comfyui):
    connection = http.client.HTTPConnection(comfyui.url.removeprefix("http://"))
    good = {USER: "alice", TOKEN: token(comfyui.key, "alice")}
    statuses = []
    for headers in (good, {}, good, {USER: "bob"}):
        connection.request("GET", "/queue", headers=headers)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    assert statuses == [200, 401, 200, 403]


def test_the_web_extension_is_served(comfyui):
    alice = comfyui.visitor("alice")
    [path] = [entry for entry in alice.ask("/extensions").json() if entry.endswith("comfy-tenant.js")]
    assert alice.ask(path).status == 200
