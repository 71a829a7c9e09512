"""Validates the body of `POST /prompt`. ComfyUI passes parts of it to its worker unchecked. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .comfyui import Json

# ComfyUI copies and logs the body recursively.
MAX_DEPTH = 200
MAX_ID = 256


def _id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and value.isprintable()


def _client_id(value: object) -> bool:
    return value is None or value == "" or _id(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def _targets(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(node, str) for node in value))


def _map_or_nothing(value: object) -> bool:
    return value is None or isinstance(value, dict)


_ID_RULE = f"must be a string of 1 to {MAX_ID} printable characters"
_CLIENT_RULE = f"must be a string of at most {MAX_ID} printable characters"
# Key → test, rule. All keys are optional.
_KEYS: dict[str, tuple[Callable[[object], bool], str]] = {
    "client_id": (_client_id, _CLIENT_RULE),
    "prompt_id": (_id, _ID_RULE),
    "number": (_number, "must be a number"),
    "partial_execution_targets": (_targets, "must be a list of node ids"),
    "extra_data": (lambda value: isinstance(value, dict), "must be an object"),
}
_EXTRA_KEYS: dict[str, tuple[Callable[[object], bool], str]] = {
    "client_id": (_client_id, _CLIENT_RULE),
    "extra_pnginfo": (_map_or_nothing, "must be an object"),
}


def problem_of_body(content: bytes, charset: str = "utf-8") -> str | None:
    """What is wrong with a body, as `key: rule`; None if it is valid."""
    try:
        body = json.loads(content.decode(charset))
    except (ValueError, LookupError, RecursionError):
        return "the body must be JSON and not nested too deeply"
    if not isinstance(body, dict):
        return "the body must be a JSON object"
    if _is_deeper(body, MAX_DEPTH):
        return f"the body must not be nested more than {MAX_DEPTH} levels"
    return _problem_of_keys(body, _KEYS, "") or _problem_of_extra(body) or _problem_of_graph(body)


def _problem_of_keys(found: Json, keys: dict[str, tuple[Callable[[object], bool], str]], prefix: str) -> str | None:
    for key, (fits, rule) in keys.items():
        if key in found and not fits(found[key]):
            return f"{prefix}{key}: {rule}"
    return None


def _problem_of_extra(body: Json) -> str | None:
    return _problem_of_keys(body.get("extra_data", {}), _EXTRA_KEYS, "extra_data.")


def _problem_of_graph(body: Json) -> str | None:
    if "prompt" not in body:
        return None
    graph = body["prompt"]
    if not isinstance(graph, dict):
        return "prompt: must be an object of nodes"
    for name, node in graph.items():
        if not isinstance(node, dict):
            return f"prompt.{name[:40]}: must be an object"
        if not isinstance(node.get("class_type", ""), str):
            return f"prompt.{name[:40]}.class_type: must be a string"
        if not isinstance(node.get("inputs", {}), dict):
            return f"prompt.{name[:40]}.inputs: must be an object"
    return None


def _is_deeper(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[Any]:
    held: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [inner for inner in held if isinstance(inner, dict | list)]
