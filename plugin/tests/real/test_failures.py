"""A failing prompt affects only its user, and the next one runs."""

from comfyui_process import graph, image


def test_a_failing_node_does_not_stop_other_users_prompts(comfyui):
    alice, bob = comfyui.visitor("alice"), comfyui.visitor("bob")
    assert alice.upload("broken.png", b"no image").status == 200
    assert bob.upload("good.png", image()).status == 200
    failed = alice.finished(alice.run(graph("broken.png")))
    assert failed["status"]["status_str"] == "error"
    assert bob.finished(bob.run(graph("good.png", "after")))["status"]["status_str"] == "success"
