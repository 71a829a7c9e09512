"""Features of newer web UIs that are not provided get a quiet answer in the format that the page expects."""

import pytest


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/agent/threads?limit=1", {"threads": []}),
        ("/agent/skills", {"skills": []}),
        ("/secrets", {"data": []}),
        ("/secrets/providers", {"data": []}),
        ("/jobs/d3b0/assets?limit=500&offset=0", {"assets": []}),
    ],
)
def test_a_missing_feature_answers_with_nothing(comfyui, prefix, path, body):
    answer = comfyui.visitor("bob").ask(prefix + path)
    assert answer.status == 200
    assert answer.json() == body


@pytest.mark.parametrize("path", ["/secrets", "/deploy/bundle", "/agent/threads/x/messages", "/billing/subscribe"])
def test_nothing_can_be_stored_with_it(comfyui, path):
    assert comfyui.visitor("bob").post("/api" + path).status in (403, 404, 405)
