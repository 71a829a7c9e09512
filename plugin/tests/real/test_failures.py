"""A prompt that fails is its user's alone, and the next one runs."""

from comfyui_process import graph, image


def test_a_failing_node_stops_nobody_elses_prompts(comfyui):
    alice, bob = comfyui.visitor("alice"), comfyui.visitor("bob")
    assert alice.upload("broken.png", b"no image").status == 200
    assert bob.upload("good.png", image()).status == 200
    failed = alice.finished(alice.run(graph("broken.png")))
    assert failed["status"]["status_str"] == "error"
    assert bob.finished(bob.run(graph("good.png", "after")))["status"]["status_str"] == "success"
