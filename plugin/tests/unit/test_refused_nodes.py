"""Nodes that profiles refuse."""

import json

from comfyui_tenant.profiles import read_profiles
from comfyui_tenant.refused_nodes import refusal_of, refused_nodes

REASONS = {"Chooser": "another user could answer (Example)"}


def refused(graph):
    return refusal_of(json.dumps({"prompt": graph}).encode(), "utf-8", REASONS)


def test_a_prompt_with_a_refused_node_gets_the_error_at_the_node():
    graph = {"1": {"class_type": "LoadImage", "inputs": {}}, "7": {"class_type": "Chooser", "inputs": {}}}
    body = refused(graph)
    assert body["error"]["details"] == "Chooser: another user could answer (Example)"
    assert set(body["node_errors"]) == {"7"}
    assert body["node_errors"]["7"]["class_type"] == "Chooser"
    assert body["node_errors"]["7"]["errors"][0]["details"] == REASONS["Chooser"]


def test_other_prompts_pass():
    for graph in ({}, {"1": {"class_type": "LoadImage"}}, {"1": {"inputs": {}}}):
        assert refused(graph) is None
    assert refusal_of(b"{}", "utf-8", REASONS) is None


def test_the_profiles_refuse_the_chooser_of_easy_use():
    assert "easy imageChooser" in refused_nodes(read_profiles()[0])
