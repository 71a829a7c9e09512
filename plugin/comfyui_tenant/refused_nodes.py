"""Nodes that profiles refuse, because they cannot be safe for several users. Pure.

Refused in any version of a pack and in any fork: such a node is known by its class only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .comfyui import Json
from .profile import Profile

_TYPE = "not_for_several_users"


def refused_nodes(profiles: Iterable[Profile]) -> dict[str, str]:
    """Node class → reason, in any profile."""
    return {node: f"{reason} ({profile.pack})" for profile in profiles for node, reason in profile.nodes.items()}


def refusal_of(content: bytes, charset: str, reasons: Mapping[str, str]) -> Json | None:
    """ComfyUI's error body, which its web UI shows at the nodes; None if no node of the prompt is refused.

    @param content a valid body of `POST /prompt`
    """
    graph = json.loads(content.decode(charset)).get("prompt") or {}
    found = {name: node["class_type"] for name, node in graph.items() if node.get("class_type") in reasons}
    if not found:
        return None
    errors = {name: _error_at(kind, reasons[kind]) for name, kind in found.items()}
    listed = "; ".join(f"{kind}: {reasons[kind]}" for kind in dict.fromkeys(found.values()))
    return {"error": _error("This server does not run some of these nodes", listed), "node_errors": errors}


def _error_at(kind: str, reason: str) -> dict[str, Any]:
    return {
        "errors": [_error("This server does not run this node", reason)],
        "dependent_outputs": [],
        "class_type": kind,
    }


def _error(message: str, details: str) -> dict[str, Any]:
    return {"type": _TYPE, "message": message, "details": details, "extra_info": {}}
