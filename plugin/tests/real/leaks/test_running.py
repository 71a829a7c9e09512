"""The table of leaks: what bob can learn about alice, or do to her, while prompts run."""

import time
import uuid

import pytest
from comfyui_process import Visitor, graph, image
from comfyui_socket import Socket
from leak_world import SECRET


@pytest.mark.parametrize("path", ["/queue", "/api/queue"])
def test_the_queue_shows_only_the_users_prompts(world, path):
    world.busy()
    waiting = world.alice.run(graph(f"{SECRET}.png", SECRET, wait=1))
    text = world.bob.ask(path).text
    assert waiting not in text
    assert SECRET not in text


def test_the_prompt_count_is_the_users(world):
    world.busy()
    assert world.bob.ask("/prompt").json()["exec_info"]["queue_remaining"] == 0


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("body", [{"clear": True}, "delete"])
def test_clearing_the_queue_clears_only_the_users_prompts(world, body, count):
    world.busy()
    waiting = [world.alice.run(graph(f"{SECRET}.png", SECRET, wait=1)) for _ in range(count)]
    world.bob.post("/queue", {"delete": waiting} if body == "delete" else body)
    assert all(map(world.is_waiting, waiting))


@pytest.mark.parametrize("named", [True, False])
def test_an_interrupt_stops_only_the_users_prompt(world, named):
    running = world.busy()
    world.bob.post("/interrupt", {"prompt_id": running} if named else {})
    time.sleep(0.5)
    assert world.is_running(running)


@pytest.mark.parametrize("more", [{"number": -1000}, {"front": True}])
def test_no_prompt_jumps_the_queue(world, comfyui, more):
    # New users, with no GPU time so far.
    honest, pushy = (comfyui.visitor(f"{name}{uuid.uuid4().hex[:8]}") for name in ("honest", "pushy"))
    for visitor in (honest, pushy):
        visitor.upload("in.png", image())
    world.busy()
    first = honest.run(graph("in.png", text="first"))
    pushed = [pushy.run(graph("in.png", text=uuid.uuid4().hex), **more) for _ in range(2)]
    world.alice.post("/interrupt")
    begun = started(honest, first)
    assert all(begun <= started(pushy, prompt_id) for prompt_id in pushed)


def started(visitor, prompt_id):
    return visitor.finished(prompt_id)["status"]["messages"][0][1]["timestamp"]


def test_a_prompt_id_of_another_user_is_refused(world):
    answer = world.bob.post("/prompt", {"prompt": graph("bobs.png"), "prompt_id": world.done})
    assert answer.status == 400
    assert answer.json()["error"]["message"] == "prompt_id is in use: omit it or choose another"


@pytest.mark.parametrize("more", [{}, {"client_id": "alices"}])
def test_events_and_previews_go_to_the_owner_only(world, more):
    with Socket(world.alice, "alices") as own, Socket(world.bob, "bobs") as other:
        world.busy(**more)
        assert own.await_type("progress")
        assert own.await_type("binary")
        world.alice.post("/interrupt")
        assert own.await_type("execution_interrupted")
        assert other.types() <= {"status"}
        counts = [e["data"]["status"]["exec_info"]["queue_remaining"] for e in other.events]
        assert set(counts) == {0}


def test_another_users_client_id_receives_and_diverts_no_events(world):
    with Socket(world.alice, "mine") as own:
        for client_id in ("mine", own.sid):
            with Socket(world.bob, client_id) as other:
                running = world.busy(client_id="mine")
                assert own.await_type("executing")
                world.alice.post("/interrupt")
                assert own.await_type("execution_interrupted")
                assert other.types() <= {"status"}
                own.events[1:] = []
                world.rest()
                assert running not in str(other.events)


def test_a_prompts_events_cannot_be_sent_to_another_user(world):
    with Socket(world.alice, "target") as own:
        sid = own.sid
        for client_id in ("target", sid):
            world.bob.finished(world.bob.run(graph("bobs.png", text=uuid.uuid4().hex), client_id=client_id))
        assert own.types() <= {"status"}


def test_the_owner_cannot_be_set_in_the_body(world):
    claims = {"comfy_tenant": "u-alice", "comfy_tenant_user": "alice", "x-funart-comfy-userid": "alice"}
    entry = world.bob.finished(world.bob.run(graph("bobs.png", "claimed", text=uuid.uuid4().hex), extra_data=claims))
    saved = entry["outputs"]["3"]["images"][0]["filename"]
    assert world.alice.ask(f"/view?filename={saved}").status == 404
    assert world.bob.ask(f"/view?filename={saved}").status == 200


def test_a_request_without_a_user_sees_nothing(comfyui, world):
    anonymous = Visitor(comfyui.url, "", None)
    assert {anonymous.ask(path).status for path in ("/", "/queue", "/api/queue", "/internal/logs", "/nowhere", "/ws")} == {401}
