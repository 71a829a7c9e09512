"""What is recorded of prompts, who may ask for it, and the limit of a day."""

import http.client
import json
import shutil
import time
import urllib.error
import urllib.request
import uuid

import pytest
from comfyui_process import graph, image, start, token
from comfyui_socket import Socket

HARD = 0.3


@pytest.fixture(scope="module")
def metered(tmp_path_factory):
    with start(tmp_path_factory.mktemp("metered"), settings={"gpuSecondsPerDay": {"soft": 0.1, "hard": HARD}}) as running:
        yield running


def finish(comfyui, user, seconds):
    visitor = comfyui.visitor(user)
    visitor.upload("in.png", image())
    answer = visitor.post("/prompt", {"prompt": graph("in.png", "x", wait=seconds, text=uuid.uuid4().hex)})
    assert answer.status == 200, answer.text
    visitor.finished(answer.json()["prompt_id"])
    return answer.json()["prompt_id"]


def report(comfyui, **claims):
    sent = token(comfyui.key, None, **{"rights": ["usage"], **claims})
    request = urllib.request.Request(f"{comfyui.url}/_tenant/usage?since=0", headers={"X-FunArt-Comfy-Token": sent})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code


def test_only_the_gateway_may_ask_for_everyones_use(metered):
    finish(metered, "alice", 0.01)
    found = report(metered)
    [alice] = [user for user in found["users"] if user["user"] == "alice"]
    assert (alice["prompts"], alice["failed"]) == (1, 0)
    assert alice["gpuSeconds"] >= 0 and alice["bytes"] > 0
    assert found["queue"] == {"waiting": 0, "running": 0, "oldestWaitSeconds": 0.0, "users": []}
    assert 0 < found["disk"]["free"] < found["disk"]["total"]
    assert report(metered, rights=["close"]) == 403
    for user in (metered.visitor("alice"), metered.visitor("boss", "operator")):
        for path in ("/_tenant/usage", "/api/_tenant/usage"):
            assert user.ask(path).status == 403


def test_a_report_says_whose_prompts_run_and_who_is_connected(metered):
    alice, bob = metered.visitor("alice"), metered.visitor("bob")
    alice.upload("in.png", image())
    bob.upload("in.png", image())
    with Socket(alice), Socket(alice):
        for visitor in (alice, bob):
            visitor.post("/prompt", {"prompt": graph("in.png", "x", wait=3, text=uuid.uuid4().hex)})
        found = report(metered)
        assert {(one["user"], one["waiting"] + one["running"]) for one in found["queue"]["users"]} == {("alice", 1), ("bob", 1)}
        assert found["webSockets"] == {"alice": 2}


def test_a_report_does_not_bring_back_the_folders_of_a_removed_user(metered):
    finish(metered, "leaver", 0.01)
    shutil.rmtree(metered.base / "tenants" / "u-leaver")
    [leaver] = [user for user in report(metered)["users"] if user["user"] == "leaver"]
    assert leaver["bytes"] == 0
    assert not (metered.base / "tenants" / "u-leaver").exists()


def test_a_user_with_no_gpu_time_left_today_gets_429_and_others_go_on(metered):
    finish(metered, "heavy", HARD + 0.2)
    heavy, deadline = metered.visitor("heavy"), time.monotonic() + 60
    while not heavy.ask("/_tenant/me").json()["gpuSeconds"]["notice"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    me = heavy.ask("/_tenant/me").json()["gpuSeconds"]
    assert me["usedSeconds"] >= HARD and me["remaining"] == 0
    answer = heavy.post("/prompt", {"prompt": graph("in.png")})
    assert answer.status == 429
    error = answer.json()["error"]
    assert error["type"] == "gpu_time_used_up"
    assert error["extra_info"]["remaining"] == 0 and error["extra_info"]["resetsAt"] > time.time()
    assert int(answer.headers["Retry-After"]) > 0
    assert metered.visitor("light").ask("/_tenant/me").json()["gpuSeconds"]["usedSeconds"] == 0
    finish(metered, "light", 0.01)


def test_a_request_id_that_is_not_utf8_hides_no_prompt(metered):
    odd, body = metered.visitor("odd"), json.dumps({"prompt": graph("in.png"), "prompt_id": str(uuid.uuid4())}).encode()
    odd.upload("in.png", image())
    sent = {**odd.headers(), "Content-Type": "application/json", "X-Request-Id": b"\xff"}
    connection = http.client.HTTPConnection(metered.url.removeprefix("http://"), timeout=60)
    connection.request("POST", "/prompt", body, sent)
    odd.finished(json.loads(connection.getresponse().read())["prompt_id"])
    finish(metered, "odd", 0.01)
    deadline = time.monotonic() + 60
    while [user["prompts"] for user in report(metered)["users"] if user["user"] == "odd"] != [2]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_log_has_one_line_per_prompt(metered):
    prompt_id = finish(metered, "logged", 0.01)
    deadline = time.monotonic() + 60
    while f'"prompt": "{prompt_id}"' not in metered.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_a_readable_record_no_prompt_is_accepted(metered):
    # Last: the record is lost.
    (metered.base / "tenants" / ".usage.sqlite").write_bytes(b"garbage" * 1000)
    alice = metered.visitor("alice")
    for answer in (alice.ask("/_tenant/me"), alice.post("/prompt", {"prompt": graph("in.png")})):
        assert (answer.status, answer.json()["error"]["type"]) == (503, "usage_unknown")
    assert alice.ask("/queue").status == 200
