"""What is wrong with the content of a profile. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .policy import core_of, is_core

# What a rule does with a route: open it, answer it with the user's own file (`/view`), answer it with `body`, keep it closed.
OPEN, VIEW, EMPTY, CLOSED = "open", "view", "empty", "closed"
KINDS = (OPEN, VIEW, EMPTY, CLOSED)
WORKS, PARTLY, BLOCKED = "works", "partly", "closed"
# Of a pack that no profile covers: nothing is closed, but no one has looked whether it keeps users apart.
NOT_ASSESSED = "not assessed"
_ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[^\s*?#]+)")
_CLOSED_ROUTE = re.compile(r"((GET|POST|PUT|PATCH|DELETE) )?/[^\s*?#]+\*?")
_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*[./_-][A-Za-z0-9_./-]+")
# Events of ComfyUI itself, which always belong to a user.
_CORE_EVENTS = re.compile("(status|execut|progress|logs|feature_flags|b_preview|notification|comfy-tenant|asset)", re.I)
_VERSION = re.compile(r"\d+(\.\d+)*")
_MODULE = re.compile(r"(?!/|.*\.\.)[\w./-]+\.py")
KEYS = ("pack", "names", "versions", "assessed", "state", "limits", *KINDS, "nodes", "globals", "events")
_RULE_KEYS = {OPEN: ("route", "reason", "query"), VIEW: ("route", "reason"), EMPTY: ("route", "reason", "body")}
_ASSESSED = ("version", "commit", "date", "routes", "nodes")
Version = tuple[int, ...]


def version_of(text: str) -> Version:
    """A version's leading numbers: `1.2.3-beta` is 1.2.3."""
    found = _VERSION.match(text)
    return tuple(map(int, found[0].split("."))) if found else ()


def errors_of(found: dict[Any, Any]) -> Iterator[str]:
    for key in found:
        if key not in KEYS:
            yield f"{key}: unknown key; known: {', '.join(KEYS)}"
    yield from _identity_errors(found)
    for kind in KINDS:
        yield from _list_errors(kind, found.get(kind))
    yield from _duplicates(found)
    yield from _part_errors(found)


def _part_errors(found: dict[Any, Any]) -> Iterator[str]:
    for key in ("nodes", "globals", "events"):
        if found.get(key) is not None and not isinstance(found[key], list):
            yield f"{key}: must be a list"
    for entry in _entries(found.get("nodes")):
        if not _is_map(entry, ("node", "reason")):
            yield "nodes: each must be {node, reason}"
    yield from _global_errors(found.get("globals"))
    for entry in _entries(found.get("events")):
        if not _is_map(entry, ("event", "reason")):
            yield "events: each must be {event, reason}"
        elif not _EVENT.fullmatch(entry["event"]) or _CORE_EVENTS.match(entry["event"]):
            yield f"events: {entry['event']}: must be an event of the pack, with its name in it, such as crystools.monitor"


def _global_errors(entries: object) -> Iterator[str]:
    for entry in _entries(entries):
        keep = entry.get("keep", 1) if isinstance(entry, dict) else 0
        named = {key: value for key, value in entry.items() if key != "keep"} if isinstance(entry, dict) else entry
        if not _is_map(named, ("module", "name", "reason")) or type(keep) is not int or keep < 1:
            yield "globals: each must be {module, name, reason}, and may have keep, a number of users"
        elif not _MODULE.fullmatch(entry["module"]) or not entry["name"].isidentifier():
            yield f"globals: {entry['module']}: must be a file of the pack, such as py/cache.py, and a name in it"


def _identity_errors(found: dict[Any, Any]) -> Iterator[str]:
    if not _text(found.get("pack")):
        yield "pack: must be the name of the pack"
    names = found.get("names")
    if not isinstance(names, list) or not names or not all(map(_text, names)):
        yield "names: must list the pack's names in pyproject.toml and of its folder"
    versions: Any = found.get("versions")
    if not _is_map(versions, ("since", "below")) or not version_of(versions["since"]) < version_of(versions["below"]):
        yield 'versions: must be {since, below}, two texts such as "1.0" and "2", the first one lower'
    if found.get("state") not in (WORKS, PARTLY, BLOCKED):
        yield f"state: must be {WORKS}, {PARTLY} or {BLOCKED}"
    elif (found["state"] == WORKS) == _text(found.get("limits")):
        yield f"limits: must say what does not work, unless state is {WORKS}"
    assessed = found.get("assessed")
    if not isinstance(assessed, dict) or set(assessed) != set(_ASSESSED):
        yield f"assessed: must have {', '.join(_ASSESSED)}"
    elif not all(type(assessed[name]) is int and assessed[name] >= 0 for name in ("routes", "nodes")):
        yield "assessed: routes and nodes must be whole numbers"


def _list_errors(kind: str, entries: object) -> Iterator[str]:
    if entries is not None and not isinstance(entries, list):
        yield f"{kind}: must be a list"
    for entry in _entries(entries):
        if not isinstance(entry, dict) or not _text(entry.get("route")) or not _text(entry.get("reason")):
            yield f"{kind}: each must have a route and a reason"
            continue
        yield from (f"{kind}: {entry['route']}: {error}" for error in _rule_errors(kind, entry))


def _rule_errors(kind: str, entry: dict[Any, Any]) -> Iterator[str]:
    unknown = [str(key) for key in entry if key not in _RULE_KEYS.get(kind, ("route", "reason"))]
    if unknown:
        yield f"unknown key {unknown[0]}"
    route = _ROUTE.fullmatch(entry["route"])
    if kind == CLOSED:
        if not _CLOSED_ROUTE.fullmatch(entry["route"]):
            yield "must be a path, such as /my_pack/* or POST /my_pack/save"
        return
    if route is None:
        yield "must be a method and one exact path, such as GET /my_pack/list"
    elif core_of(route[2]) != route[2]:
        yield "must be without /api"
    elif is_core(route[1], route[2]):
        yield "is a route of ComfyUI, which a profile cannot change"
    elif kind == VIEW and route[1] != "GET" or kind == OPEN and route[1] not in ("GET", "POST"):
        yield f"{route[1]} cannot be {kind}"
    if kind == EMPTY and "body" not in entry:
        yield "must have a body, such as []"
    yield from _query_errors(entry.get("query", {}))


def _query_errors(query: object) -> Iterator[str]:
    if not isinstance(query, dict) or not all(_text(name) and _text(wanted) for name, wanted in query.items()):
        yield "query: must map parameters to regular expressions"
        return
    for name, wanted in query.items():
        try:
            re.compile(wanted)
        except re.error as error:
            yield f"query: {name}: is not a regular expression: {error}"


def _duplicates(found: dict[Any, Any]) -> Iterator[str]:
    seen: set[str] = set()
    for kind in KINDS:
        for entry in _entries(found.get(kind)):
            line = str(entry.get("route")) if isinstance(entry, dict) else ""
            if line in seen:
                yield f"{kind}: {line}: is listed twice"
            seen.add(line)


def _entries(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_map(value: Any, keys: tuple[str, ...]) -> bool:
    """Whether this maps exactly these keys to texts."""
    return isinstance(value, dict) and set(value) == set(keys) and all(map(_text, value.values()))
