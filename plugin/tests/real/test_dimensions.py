from comfyui_process import graph, image


def test_a_prompt_runs_from_a_users_input_to_the_users_output(comfyui):
    alice = comfyui.visitor("alice")
    assert alice.upload("mine.png", image()).status == 200
    done = alice.finished(alice.run(graph("mine.png", "picture")))
    assert done["status"]["status_str"] == "success"
    [saved] = done["outputs"]["3"]["images"]
    view = f"/view?filename={saved['filename']}&type=output"
    assert alice.ask(view).status == 200
    assert comfyui.visitor("bob").ask(view).status == 404
    assert (comfyui.base / "tenants" / "u-alice" / "output" / saved["filename"]).exists()
    assert not list((comfyui.base / "output").glob("*.png"))
