"""Turns, limits, roles and the wait."""

import time
import uuid

import pytest
from comfyui_process import graph, image, start
from comfyui_socket import Socket


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    settings = {"maxQueued": 12, "quotaBytes": 200_000, "allowRoutes": ["GET /internal/folder_paths"]}
    with start(tmp_path_factory.mktemp("limited"), settings=settings) as running:
        yield running


def ready(comfyui, user, *roles):
    visitor = comfyui.visitor(user, *roles)
    assert visitor.upload("in.png", image()).status == 200
    return visitor


def queue_up(visitor, seconds=0.1, **more):
    return visitor.run(graph("in.png", "x", wait=seconds, text=uuid.uuid4().hex), **more)


def until_running(visitor, prompt_id):
    """Waits until the visitor's own prompt has left the queue."""
    deadline = time.monotonic() + 60
    while not any(item[1] == prompt_id for item in visitor.ask("/queue").json()["queue_running"]):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(visitor, prompt_id):
    return visitor.finished(prompt_id)["status"]["messages"][0][1]["timestamp"]


def test_twenty_users_wait_no_longer_for_a_greedy_one_than_for_each_other(limited):
    greedy, busy = ready(limited, "greedy"), ready(limited, "first")
    # Until all others are in the queue.
    until_running(busy, queue_up(busy, 60))
    users = [ready(limited, f"user{n}") for n in range(20)]
    greedys = [queue_up(greedy) for _ in range(12)]
    theirs = [(user, queue_up(user)) for user in users]
    busy.post("/interrupt")
    begun = sorted((started(user, prompt_id), user.user) for user, prompt_id in theirs)
    before = sum(started(greedy, prompt_id) < begun[-1][0] for prompt_id in greedys)
    assert before <= 3


def test_prompts_above_the_limit_get_an_error_that_the_web_ui_displays(limited):
    greedy = ready(limited, "full")
    until_running(greedy, queue_up(greedy, 60))
    answers = [greedy.post("/prompt", {"prompt": graph("in.png", text=str(n))}) for n in range(13)]
    assert [a.status for a in answers] == [200] * 12 + [429]
    assert answers[-1].json() == {
        "error": {
            "type": "too_many_queued",
            "message": "you have 12 prompts waiting, which is the limit",
            "details": "wait until one of them has run, or delete some from your queue",
            "extra_info": {},
        },
        "node_errors": {},
    }
    assert answers[-1].headers["Retry-After"] == "5"
    other = ready(limited, "modest")
    assert other.post("/prompt", {"prompt": graph("in.png")}).status == 200
    greedy.post("/queue", {"clear": True})
    greedy.post("/interrupt")


def test_the_wait_reveals_nothing_about_other_users(limited):
    busy, waiter = ready(limited, "busy"), ready(limited, "waiter")
    running = queue_up(busy, 60)
    until_running(busy, running)
    mine = str(uuid.uuid4())
    answer = waiter.post("/prompt", {"prompt": graph("in.png"), "prompt_id": mine}).json()
    assert answer["number"] == 1
    assert answer["wait"]["ahead"] == 1
    reported = waiter.ask("/_tenant/queue")
    assert reported.json()["mine"] == [{"promptId": mine, "state": "waiting", "ahead": 1}]
    # There is no earlier prompt of this kind.
    assert reported.json()["etaSeconds"] is None
    assert reported.json()["runningSeconds"] >= 0
    assert "busy" not in reported.text and running not in reported.text
    assert busy.ask("/api/_tenant/queue").json()["running"] is True
    busy.post("/interrupt")
    waiter.finished(mine)
    assert waiter.ask("/_tenant/queue").json()["mine"] == []


def test_operators_see_all_prompts_free_memory_and_stop_a_prompt_by_id(limited):
    user, operator = ready(limited, "someone"), ready(limited, "boss", "operator")
    running = queue_up(user, 60)
    until_running(user, running)
    assert running in operator.ask("/queue").text
    assert operator.post("/free").status == 200
    assert user.post("/free").status == 403
    assert user.post("/_tenant/restart").status == 403
    operator.post("/interrupt")
    operator.post("/queue", {"clear": True})
    time.sleep(0.3)
    assert running in user.ask("/queue").text
    operator.post("/interrupt", {"prompt_id": running})
    assert user.finished(running)["status"]["status_str"] == "error"
    assert running in operator.ask("/history").text


def test_an_upload_above_the_quota_is_refused_before_it_is_stored(limited):
    user = ready(limited, "hoarder")
    answer = user.upload("big.png", b"x" * 250_000)
    assert answer.status == 507
    assert answer.json()["error"]["message"].startswith("your storage is full: ")
    assert user.ask("/view?filename=big.png&type=input").status == 404
    assert user.upload("more.png", image((1, 1, 1))).status == 200
    me = user.ask("/_tenant/me").json()
    assert me["userId"] == "hoarder" and me["quotaBytes"] == 200_000 and me["usedBytes"] > 0


def test_a_user_whose_quota_is_used_up_cannot_run_prompts(limited):
    user = ready(limited, "brimful")
    (limited.base / "tenants/u-brimful/output/x.bin").parent.mkdir(exist_ok=True)
    (limited.base / "tenants/u-brimful/output/x.bin").write_bytes(b"x" * 200_000)
    time.sleep(5.1)
    answer = user.post("/prompt", {"prompt": graph("in.png")})
    assert answer.status == 507
    assert "delete some of your inputs or outputs" in answer.json()["error"]["message"]


def test_a_setting_opens_a_closed_route(limited):
    assert limited.visitor("alice").ask("/internal/folder_paths").status == 200


def test_a_closed_route_is_logged_with_the_setting(limited):
    answer = limited.visitor("alice").post("/users", {"username": "x"})
    assert answer.status == 403
    # The setting is for the operator.
    assert answer.json()["error"]["message"] == "POST /users is closed in multi-tenant mode"
    assert 'allowRoutes: ["POST /users"]' in limited.log.read_text()


def test_a_websocket_reconnects_under_the_id_that_it_received(limited):
    user = ready(limited, "again")
    with Socket(user) as first:
        sid = first.sid
    with Socket(user, sid) as second:
        assert second.sid == sid
        user.finished(queue_up(user, client_id=sid))
        assert second.await_type("executed")
