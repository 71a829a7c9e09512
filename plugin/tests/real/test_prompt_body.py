"""An invalid body gets 400 and never reaches ComfyUI's only worker."""

import json

import pytest
from comfyui_process import graph, image

DEEP = json.loads('{"a":' * 400 + "1" + "}" * 400)
WRONG = [
    *(
        {"client_id": value}
        for value in (0, 1, False, True, [], {}, 0.0, 1.5, ["a"], {"a": 1}, "x" * 300, "a\u0000b", "\ud800")
    ),
    *({"extra_data": value} for value in (0, None, [], "x", True, [{}])),
    *({"extra_data": {"client_id": value}} for value in (0, False, [], {}, 0.0, "x" * 300)),
    *({"extra_data": {"extra_pnginfo": value}} for value in (0, [], "x", True)),
    *({"prompt_id": value} for value in (0, None, [], {}, "", "x" * 300, "a\nb")),
    *({"number": value} for value in ("1", None, [], {}, True, 10**400)),
    *({"partial_execution_targets": value} for value in (0, "1", {}, [1], [[]])),
    *({"prompt": value} for value in (0, None, [], "x", {"1": 5}, {"1": []}, {"1": {"class_type": []}})),
    {"prompt": {"1": {"class_type": "DemoWait", "inputs": []}}},
    {"extra_data": DEEP},
    {"extra_data": {"extra_pnginfo": DEEP}},
    {"unknown": DEEP},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: json.dumps(wrong)[:50])
def test_an_invalid_body_is_refused_and_the_next_prompt_runs(comfyui, wrong):
    alice = comfyui.visitor("alice")
    assert alice.upload("in.png", image()).status == 200
    answer = alice.post("/prompt", {"prompt": graph("in.png"), **wrong})
    assert answer.status == 400, answer.text
    assert answer.json()["error"]["type"] == "invalid_prompt"
    done = alice.finished(alice.run(graph("in.png", text=json.dumps(wrong)[:60])))
    assert done["status"]["status_str"] == "success"
    assert alice.ask("/_tenant/plugin").json()["worker"]["restarts"] == 0


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"5", b'"x"', b"null", b"\xff", b'{"a":' * 3000])
def test_a_body_that_is_not_a_json_object_is_refused(comfyui, body):
    answer = comfyui.visitor("alice").ask("/prompt", "POST", body, {"Content-Type": "application/json"})
    assert (answer.status, answer.json()["error"]["type"]) == (400, "invalid_prompt")


@pytest.mark.parametrize(
    "right",
    [{"client_id": "a"}, {"client_id": None}, {"extra_data": {"extra_pnginfo": {"workflow": {"nodes": []}}}}, {"number": -1}],
)
def test_a_valid_body_runs(comfyui, right):
    alice = comfyui.visitor("alice")
    assert alice.upload("in.png", image()).status == 200
    done = alice.finished(alice.run(graph("in.png", text=json.dumps(right)), **right))
    assert done["status"]["status_str"] == "success"
