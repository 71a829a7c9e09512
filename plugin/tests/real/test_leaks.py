"""The table of leaks: what bob learns of alice or does to her. `--stock` runs it on a ComfyUI without the plugin."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

import pytest
from comfyui_process import Visitor, graph, image
from comfyui_socket import Socket

SECRET = "secret-of-alice"


def until(holds, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass
class World:
    alice: Visitor
    bob: Visitor
    done: str
    saved: str

    def busy(self, seconds: float = 20, **more) -> str:
        """Starts a prompt of alice's that runs until it is interrupted."""
        prompt_id = self.alice.run(graph(f"{SECRET}.png", SECRET, wait=seconds, text=uuid.uuid4().hex), **more)
        assert until(lambda: self.is_running(prompt_id))
        return prompt_id

    def is_running(self, prompt_id: str) -> bool:
        return any(item[1] == prompt_id for item in self.alice.ask("/queue").json()["queue_running"])

    def is_waiting(self, prompt_id: str) -> bool:
        return any(item[1] == prompt_id for item in self.alice.ask("/queue").json()["queue_pending"])

    def rest(self) -> None:
        for visitor in (self.alice, self.bob):
            visitor.post("/queue", {"clear": True})
            visitor.post("/interrupt")
        assert until(lambda: self.alice.ask("/prompt").json()["exec_info"]["queue_remaining"] == 0)


@pytest.fixture(scope="module")
def alone(comfyui) -> World:
    alice, bob = comfyui.visitor("alice"), comfyui.visitor("bob")
    assert alice.upload(f"{SECRET}.png", image()).status == 200
    assert alice.upload("deep.png", image(), subfolder=SECRET).status == 200
    assert alice.upload(f"{SECRET}-temp.png", image(), type="temp").status == 200
    assert bob.upload("bobs.png", image((0, 0, 9))).status == 200
    assert alice.post(f"/userdata/workflows%2F{SECRET}.json", {"nodes": [], "note": SECRET}).status == 200
    assert alice.post("/settings", {"Own.setting": SECRET}).status == 200
    done = alice.run(graph(f"{SECRET}.png", SECRET))
    entry = alice.finished(done)
    return World(alice, bob, done, entry["outputs"]["3"]["images"][0]["filename"])


@pytest.fixture
def world(alone):
    yield alone
    alone.rest()


READS = [
    "/history",
    "/api/history",
    "/history?max_items=5",
    "/object_info",
    "/object_info/DemoLoadImage",
    "/object_info/LoadImage",
    "/internal/files/input",
    "/internal/files/output",
    "/internal/files/temp",
    "/userdata?dir=workflows",
    "/userdata?dir=.&recurse=true",
    "/v2/userdata?path=workflows",
    f"/userdata/workflows%2F{SECRET}.json",
    f"/api/userdata/workflows%2F{SECRET}.json",
    "/userdata?dir=..%2Fu-alice&recurse=true",
    "/v2/userdata?path=..%2Fu-alice%2Fworkflows",
    f"/userdata/..%2Fu-alice%2Fworkflows%2F{SECRET}.json",
    f"/userdata/..%252Fu-alice%252Fworkflows%252F{SECRET}.json",
    f"/userdata/workflows%2F{SECRET}.json?dir=..",
    "/settings",
    "/settings/Own.setting",
    "/users",
    "/internal/logs",
    "/internal/logs/raw",
    "/internal/folder_paths",
    "/system_stats",
]
FILES = [
    f"/view?filename={SECRET}.png&type=input",
    f"/api/view?filename={SECRET}.png&type=input",
    f"/view?filename={SECRET}.png%20[input]",
    f"/view?filename=deep.png&type=input&subfolder={SECRET}",
    f"/view?filename={SECRET}-temp.png&type=temp",
    f"/view?filename={SECRET}_00001_.png&type=output",
    f"/view?filename={SECRET}_00001_.png&preview=webp",
    f"/view?filename={SECRET}_00001_.png&channel=rgb",
    f"/view?filename={SECRET}_00001_.png&channel=a",
    f"/view?filename={SECRET}_00001_.png%20[output]",
]


@pytest.mark.parametrize("path", READS)
def test_reading_shows_nothing_of_another_user_nor_of_the_server(world, comfyui, path):
    text = world.bob.ask(path).text
    assert SECRET not in text
    assert world.done not in text
    assert str(comfyui.base) not in text


@pytest.mark.parametrize("path", FILES)
def test_another_users_file_is_not_there(world, path):
    assert world.alice.ask(path).status == 200
    assert world.bob.ask(path).status == 404


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("way", ["..%2F..%2F", "..%2f..%2ftenants%2fu-alice%2f", "..%5C..%5C", "%2Fproc%2Fself%2Fcwd%2F"])
@pytest.mark.parametrize("file", ["input%2F", "output%2F"])
def test_the_preview_of_a_model_shows_no_other_file(world, comfyui, prefix, way, file):
    (comfyui.base / "models" / "checkpoints").mkdir(parents=True, exist_ok=True)
    name = world.saved if file == "output%2F" else f"{SECRET}.png"
    assert world.bob.ask(f"{prefix}/experiment/models/preview/checkpoints/0/{way}{file}{name}").status == 403


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_another_users_history_entry_is_not_there(world, prefix):
    assert world.bob.ask(f"{prefix}/history/{world.done}").json() == {}


@pytest.mark.parametrize("body", [{"clear": True}, "delete"])
def test_clearing_the_history_clears_ones_own(world, body):
    world.bob.post("/history", {"delete": [world.done]} if body == "delete" else body)
    assert world.done in world.alice.ask("/history").json()


@pytest.mark.parametrize("path", ["/queue", "/api/queue"])
def test_the_queue_shows_ones_own_prompts(world, path):
    world.busy()
    waiting = world.alice.run(graph(f"{SECRET}.png", SECRET, wait=1))
    text = world.bob.ask(path).text
    assert waiting not in text
    assert SECRET not in text


def test_the_count_of_prompts_is_ones_own(world):
    world.busy()
    assert world.bob.ask("/prompt").json()["exec_info"]["queue_remaining"] == 0


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("body", [{"clear": True}, "delete"])
def test_clearing_the_queue_clears_ones_own(world, body, count):
    world.busy()
    waiting = [world.alice.run(graph(f"{SECRET}.png", SECRET, wait=1)) for _ in range(count)]
    world.bob.post("/queue", {"delete": waiting} if body == "delete" else body)
    assert all(map(world.is_waiting, waiting))


@pytest.mark.parametrize("named", [True, False])
def test_interrupting_stops_ones_own(world, named):
    running = world.busy()
    world.bob.post("/interrupt", {"prompt_id": running} if named else {})
    time.sleep(0.5)
    assert world.is_running(running)


@pytest.mark.parametrize("more", [{"number": -1000}, {"front": True}])
def test_nobody_jumps_the_line(world, more):
    world.busy()
    first = world.alice.run(graph(f"{SECRET}.png", SECRET, text="first"))
    later = world.bob.run(graph("bobs.png", "bob", text=uuid.uuid4().hex), **more)
    third = world.bob.run(graph("bobs.png", "bob", text=uuid.uuid4().hex), **more)
    world.alice.post("/interrupt")
    world.bob.finished(later), world.bob.finished(third), world.alice.finished(first)
    created = {k: v["status"]["messages"][0][1]["timestamp"] for k, v in world.alice.ask("/history").json().items()}
    theirs = {k: v["status"]["messages"][0][1]["timestamp"] for k, v in world.bob.ask("/history").json().items()}
    assert created[first] <= max(theirs[later], theirs[third])


def test_a_prompt_id_of_another_user_is_refused(world):
    answer = world.bob.post("/prompt", {"prompt": graph("bobs.png"), "prompt_id": world.done})
    assert answer.status == 400
    assert answer.json()["error"]["message"] == "prompt_id is in use: leave it out or choose another"


NAMES = [
    f"{SECRET}.png",
    f"{SECRET}.png [input]",
    f"../../u-alice/input/{SECRET}.png",
    "../user/default/workflows/secret-of-alice.json",
    "../../../token.key",
    "/etc/hostname",
    f"{SECRET}_00001_.png [output]",
    f"../input/{SECRET}.png",
    "bobs.png/../../../u-alice/input/deep.png",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_reads_ones_own_files_only(world, comfyui, name):
    assert world.bob.post("/prompt", {"prompt": graph(name)}).status == 400


@pytest.mark.parametrize("absolute", ["input/secret-of-alice.png", "tenants/u-alice/input/secret-of-alice.png"])
def test_a_graph_reads_no_absolute_path(world, comfyui, absolute):
    assert world.bob.post("/prompt", {"prompt": graph(str(comfyui.base / absolute))}).status == 400


def test_a_result_of_another_user_is_not_taken_from_the_cache(world):
    content = image((1, 2, 3))
    for visitor in (world.alice, world.bob):
        visitor.upload("same.png", content)
    same = graph("same.png", "same", text="cache")
    world.alice.finished(world.alice.run(same))
    entry = world.bob.finished(world.bob.run(same))
    cached = next(data for kind, data in entry["status"]["messages"] if kind == "execution_cached")
    assert cached["nodes"] == []
    assert world.bob.ask("/view?type=output&filename=" + entry["outputs"]["3"]["images"][0]["filename"]).status == 200


def test_uploading_overwrites_ones_own_file(world):
    world.bob.upload(f"{SECRET}.png", image((9, 9, 9)), overwrite="true")
    assert world.alice.ask(f"/view?filename={SECRET}.png&type=input").body == image()


def test_a_mask_is_not_made_from_another_users_image(world):
    ref = f'{{"filename": "deep.png", "subfolder": "{SECRET}", "type": "input"}}'
    world.bob.upload("mask.png", image(), path="/upload/mask", original_ref=ref)
    assert world.bob.ask("/view?filename=mask.png&type=input").status == 404


def test_user_data_of_another_is_neither_written_moved_nor_deleted(world):
    path = f"/userdata/workflows%2F{SECRET}.json"
    world.bob.post(path + "?overwrite=true", {"nodes": ["bob"]})
    world.bob.ask(f"{path}/move/workflows%2Fstolen.json", "POST", b"")
    world.bob.ask(path, "DELETE")
    assert world.alice.ask(path).json() == {"nodes": [], "note": SECRET}


CLOSED = ["POST /free", "POST /users", "GET /assets", "GET /api/assets", "GET /v2/manager/version", "POST /customnode/install"]


@pytest.mark.parametrize("route", CLOSED)
def test_what_concerns_everybody_is_closed(world, route):
    method, path = route.split()
    assert world.bob.ask(path, method, b"{}" if method == "POST" else None).status in (403, 404, 405)


def test_logs_are_not_subscribed_to(world):
    with Socket(world.bob, "logs") as socket:
        world.bob.ask("/internal/logs/subscribe", "PATCH", {"clientId": socket.sid, "enabled": True})
        world.alice.post("/prompt", {"prompt": graph(f"{SECRET}-none.png")})
        assert not socket.await_type("logs", 1)


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


def test_another_users_client_id_gets_nothing_and_takes_nothing_away(world):
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


def test_events_of_ones_prompt_cannot_be_sent_to_another(world):
    with Socket(world.alice, "target") as own:
        sid = own.sid
        for client_id in ("target", sid):
            world.bob.finished(world.bob.run(graph("bobs.png", text=uuid.uuid4().hex), client_id=client_id))
        assert own.types() <= {"status"}


def test_the_owner_cannot_be_claimed_in_the_body(world):
    claims = {"comfy_tenant": "u-alice", "comfy_tenant_user": "alice", "x-funart-comfy-userid": "alice"}
    entry = world.bob.finished(world.bob.run(graph("bobs.png", "claimed", text=uuid.uuid4().hex), extra_data=claims))
    saved = entry["outputs"]["3"]["images"][0]["filename"]
    assert world.alice.ask(f"/view?filename={saved}").status == 404
    assert world.bob.ask(f"/view?filename={saved}").status == 200


def test_nothing_of_one_user_is_seen_by_somebody_without_a_name(comfyui, world):
    nobody = Visitor(comfyui.url, "", None)
    assert {nobody.ask(path).status for path in ("/", "/queue", "/api/queue", "/internal/logs", "/nowhere", "/ws")} == {401}
