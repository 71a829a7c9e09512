"""Jobs, with which newer ComfyUI versions show queue and history together. Older ones respond with 404."""

import time
import uuid

import pytest
from comfyui_process import graph, image, start
from leak_world import until


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory):
    with start(tmp_path_factory.mktemp("jobs")) as running:
        yield running


@pytest.fixture
def running(comfyui):
    alice = comfyui.visitor("alice")
    assert alice.upload("secret.png", image()).status == 200
    prompt_id = alice.run(graph("secret.png", "secret", wait=30, text=uuid.uuid4().hex))
    assert until(lambda: prompt_id in str(alice.ask("/queue").json()["queue_running"]))
    yield prompt_id
    alice.post("/interrupt")
    alice.finished(prompt_id)


def cancel(visitor, prompt_id):
    return [
        visitor.post(f"/api/jobs/{prompt_id}/cancel"),
        visitor.post("/api/jobs/cancel", {"job_ids": [prompt_id]}),
    ]


def test_users_cannot_see_or_stop_others_jobs(comfyui, running):
    alice, bob = comfyui.visitor("alice"), comfyui.visitor("bob")
    for answer in (bob.ask("/api/jobs"), bob.ask(f"/api/jobs/{running}"), *cancel(bob, running)):
        assert "secret" not in answer.text and running not in answer.text
        assert answer.status in (404, 405) or answer.json().get("jobs") == [] or answer.json() == {"cancelled": False}
    time.sleep(0.5)
    assert running in str(alice.ask("/queue").json()["queue_running"])
    alice.post("/interrupt")
    alice.finished(running)
    assert running not in bob.ask("/api/jobs").text and bob.ask(f"/api/jobs/{running}").status == 404


@pytest.mark.parametrize("who", [("alice",), ("boss", "operator")])
def test_a_job_can_be_seen_and_stopped_by_its_user_and_by_operators(comfyui, running, who):
    visitor = comfyui.visitor(*who)
    listed = visitor.ask("/api/jobs")
    assert listed.status == 404 or running in listed.text
    if {answer.status for answer in cancel(visitor, running)} & {404, 405}:
        return
    assert comfyui.visitor("alice").finished(running)["status"]["status_str"] == "error"


def test_older_assets_are_not_found_by_their_hash(comfyui):
    answer = comfyui.visitor("bob").ask("/view?filename=blake3:" + "0" * 64)
    assert answer.status == 404
    if answer.text:
        assert answer.json()["error"]["type"] == "not_found"
