import pytest
from comfyui_process import graph, image
from leak_world import SECRET, World


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
