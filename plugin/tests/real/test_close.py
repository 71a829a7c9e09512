"""The gateway closes WebSockets of a running ComfyUI."""

import json
import socket
import time
import urllib.error
import urllib.request

import pytest
from comfyui_process import Visitor, token
from comfyui_socket import Socket

TOKEN = "X-FunArt-Comfy-Token"
POLICY_VIOLATION = 1008


def close(comfyui, *entries, path="/_tenant/close", headers=None):
    """As the gateway's service."""
    sent = {TOKEN: token(comfyui.key, None, rights=["close"])} if headers is None else headers
    body = json.dumps({"close": entries}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(comfyui.url + path, body, sent), timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def visitor(comfyui, user, **claims) -> Visitor:
    return Visitor(comfyui.url, user, comfyui.key, claims=claims)


def is_open(opened: Socket) -> bool:
    return opened.close_code is None and opened.failed is None and bool(opened.events)


@pytest.mark.parametrize("path", ["/_tenant/close", "/api/_tenant/close"])
def test_only_the_revoked_session_is_closed(comfyui, path):
    # A closed session stays closed, so each case has its own.
    one, two = (visitor(comfyui, "cleo", ait=100, sid=path + sid) for sid in ("one", "two"))
    with Socket(one) as revoked, Socket(two) as other_session, Socket(visitor(comfyui, "dora")) as other_user:
        assert close(comfyui, {"session": path + "one"}, path=path) == (200, {"closing": 1})
        assert revoked.await_close() == POLICY_VIOLATION
        assert close(comfyui, {"session": path + "one"}) == (200, {"closing": 0})
        assert is_open(other_session) and is_open(other_user)


def test_all_sockets_of_a_user_are_closed_also_those_that_share_a_client_id(comfyui):
    people = [visitor(comfyui, "emil"), visitor(comfyui, "emil"), visitor(comfyui, "emil", ait=100)]
    opened = [Socket(one, "same-tab") for one in people]
    with Socket(visitor(comfyui, "dora")) as other, opened[0], opened[1], opened[2]:
        assert close(comfyui, {"user": "emil"}) == (200, {"closing": 3})
        assert [one.await_close() for one in opened] == [POLICY_VIOLATION] * 3
        assert is_open(other)
    with Socket(people[0]) as again:
        assert is_open(again)


def test_a_socket_that_was_allowed_before_the_revocation_and_opens_after_it_is_refused(comfyui):
    assert close(comfyui, {"user": "fred", "issuedBefore": 200}) == (200, {"closing": 0})
    with Socket(visitor(comfyui, "fred", ait=100)) as late, Socket(visitor(comfyui, "fred", ait=200)) as newer:
        assert late.failed is not None and not late.events
        assert is_open(newer)


def test_a_client_that_reads_nothing_is_cut_off(comfyui):
    host, port = comfyui.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        headers = visitor(comfyui, "gina", ait=100).headers()
        head = ["GET /ws HTTP/1.1", f"Host: {host}:{port}", "Connection: Upgrade", "Upgrade: websocket"]
        head += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
        raw.sendall("\r\n".join([*head, *(f"{k}: {v}" for k, v in headers.items()), "", ""]).encode())
        assert raw.recv(12) == b"HTTP/1.1 101"
        assert close(comfyui, {"user": "gina"}) == (200, {"closing": 1})
        deadline = time.monotonic() + 30
        # Never answers the close: only the end of the connection ends this loop.
        while time.monotonic() < deadline and raw.recv(4096):
            pass
        assert time.monotonic() < deadline


def test_nobody_but_the_gateways_service_may_call_it(comfyui):
    with Socket(visitor(comfyui, "hugo")) as opened:
        operator = comfyui.visitor("root", "operator")
        for who in (comfyui.visitor("hugo"), operator):
            answer = who.post("/_tenant/close", {"close": [{"user": "hugo"}]})
            assert (answer.status, answer.json()["error"]["type"]) == (403, "bad_token")
            assert close(comfyui, {"user": "hugo"}, headers={TOKEN: token(comfyui.key, who.user)})[0] == 403
        assert close(comfyui, {"user": "hugo"}, headers={})[0] == 403
        right = token(comfyui.key, None, rights=["close"])
        with_user = {TOKEN: right, "X-FunArt-Comfy-UserId": "hugo"}
        assert close(comfyui, {"user": "hugo"}, headers=with_user)[0] == 403
        assert is_open(opened)


@pytest.mark.parametrize("path", ["/queue", "/_tenant/me", "/ws", "/_tenant/restart"])
def test_the_right_to_close_opens_no_other_route(comfyui, path):
    right = token(comfyui.key, None, rights=["close"])
    assert comfyui.visitor("hugo").ask(path, headers={TOKEN: right}).status == 403
    request = urllib.request.Request(comfyui.url + path, headers={TOKEN: right})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 401


def test_a_body_that_is_not_understood_closes_nothing(comfyui):
    assert close(comfyui, {"usr": "hugo"})[0] == 400
