"""The table of leaks: what bob can learn about alice's stored data, or do to it."""

import pytest
from comfyui_process import graph, image
from comfyui_socket import Socket
from leak_world import SECRET

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
    "/experiment/models",
    "/api/experiment/models",
    "/api/jobs",
    "/api/jobs?status=completed&limit=5",
    "/api/assets",
    "/api/tags",
    "/embeddings",
    "/extensions",
    "/features",
    "/global_subgraphs",
    "/node_replacements",
    "/workflow_templates",
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
def test_reading_reveals_nothing_of_other_users_or_the_server(world, comfyui, path):
    text = world.bob.ask(path).text
    assert SECRET not in text
    assert world.done not in text
    assert str(comfyui.base) not in text


@pytest.mark.parametrize("path", FILES)
def test_another_users_file_is_not_found(world, path):
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
def test_another_users_history_entry_is_not_found(world, prefix):
    assert world.bob.ask(f"{prefix}/history/{world.done}").json() == {}


@pytest.mark.parametrize("body", [{"clear": True}, "delete"])
def test_clearing_the_history_clears_only_the_users_entries(world, body):
    world.bob.post("/history", {"delete": [world.done]} if body == "delete" else body)
    assert world.done in world.alice.ask("/history").json()


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
def test_a_graph_reads_only_the_users_files(world, comfyui, name):
    assert world.bob.post("/prompt", {"prompt": graph(name)}).status == 400


@pytest.mark.parametrize("absolute", ["input/secret-of-alice.png", "tenants/u-alice/input/secret-of-alice.png"])
def test_a_graph_reads_no_absolute_path(world, comfyui, absolute):
    assert world.bob.post("/prompt", {"prompt": graph(str(comfyui.base / absolute))}).status == 400


def test_another_users_cached_result_is_not_used(world):
    content = image((1, 2, 3))
    for visitor in (world.alice, world.bob):
        visitor.upload("same.png", content)
    same = graph("same.png", "same", text="cache")
    world.alice.finished(world.alice.run(same))
    entry = world.bob.finished(world.bob.run(same))
    cached = next(data for kind, data in entry["status"]["messages"] if kind == "execution_cached")
    assert cached["nodes"] == []
    assert world.bob.ask("/view?type=output&filename=" + entry["outputs"]["3"]["images"][0]["filename"]).status == 200


def test_an_upload_overwrites_only_the_users_file(world):
    world.bob.upload(f"{SECRET}.png", image((9, 9, 9)), overwrite="true")
    assert world.alice.ask(f"/view?filename={SECRET}.png&type=input").body == image()


def test_a_mask_cannot_use_another_users_image(world):
    ref = f'{{"filename": "deep.png", "subfolder": "{SECRET}", "type": "input"}}'
    world.bob.upload("mask.png", image(), path="/upload/mask", original_ref=ref)
    assert world.bob.ask("/view?filename=mask.png&type=input").status == 404


def test_another_users_data_cannot_be_written_moved_or_deleted(world):
    path = f"/userdata/workflows%2F{SECRET}.json"
    world.bob.post(path + "?overwrite=true", {"nodes": ["bob"]})
    world.bob.ask(f"{path}/move/workflows%2Fstolen.json", "POST", b"")
    world.bob.ask(path, "DELETE")
    assert world.alice.ask(path).json() == {"nodes": [], "note": SECRET}


CLOSED = ["POST /free", "POST /users", "GET /assets", "GET /api/assets", "GET /v2/manager/version", "POST /customnode/install"]


@pytest.mark.parametrize("route", CLOSED)
def test_routes_that_affect_all_users_are_closed(world, route):
    method, path = route.split()
    assert world.bob.ask(path, method, b"{}" if method == "POST" else None).status in (403, 404, 405)


def test_logs_cannot_be_subscribed_to(world):
    with Socket(world.bob, "logs") as socket:
        world.bob.ask("/internal/logs/subscribe", "PATCH", {"clientId": socket.sid, "enabled": True})
        world.alice.post("/prompt", {"prompt": graph(f"{SECRET}-none.png")})
        assert not socket.await_type("logs", 1)
