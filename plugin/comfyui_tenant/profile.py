"""Pack profiles: what of one node pack is safe for several users. Pure: checks and compares, reads no files.

A profile with any error is invalid as a whole, and its pack is then treated as unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .profile_errors import CLOSED, EMPTY, KEYS, OPEN, VIEW, Version, errors_of, version_of

_OPENING = (OPEN, VIEW, EMPTY)
# Users whose values of a variable are kept. Values can be images on the GPU.
_KEEP = 8


class ProfileError(Exception):
    """The message lists every error with the file and the rule."""


@dataclass(frozen=True)
class Rule:
    """One route as the pack registers it, without `/api`."""

    kind: str
    line: str
    reason: str
    # Query parameters that are passed on, and what they must match; others are removed.
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class PackGlobal:
    """A variable of a pack's module that each user gets for themselves."""

    # Path of the file in the pack's folder.
    module: str
    name: str
    # For how many users, those who used it last.
    keep: int


@dataclass(frozen=True)
class Profile:
    pack: str
    # Names in pyproject.toml, or of the pack's folder; lower case.
    names: frozenset[str]
    # The first version that the profile covers, and the first that it does not.
    since: Version
    below: Version
    state: str
    # For users: what does not work. Empty if everything does.
    limits: str
    rules: dict[str, Rule]
    # What the pack's own code must not serve. A route may end in `*` and omit the method.
    closed: tuple[Rule, ...]
    # Node classes that must not run for several users, with the reason.
    nodes: dict[str, str]
    globals: tuple[PackGlobal, ...]
    events: frozenset[str]
    assessed: dict[str, Any]

    def covers(self, version: str | None) -> bool:
        """Whether this version of the pack was assessed. Without a version it was not."""
        return version is not None and self.since <= version_of(version) < self.below


def parse_profile(found: object, place: str) -> Profile:
    """A profile from the parsed content of a file. @raises ProfileError"""
    if not isinstance(found, dict):
        raise ProfileError(f"{place}: must be a map of {', '.join(KEYS)}")
    errors = [f"{place}: {error}" for error in errors_of(found)]
    if errors:
        raise ProfileError("\n".join(errors))
    versions = found["versions"]
    return Profile(
        pack=found["pack"],
        names=frozenset(name.lower() for name in found["names"]),
        since=version_of(str(versions["since"])),
        below=version_of(str(versions["below"])),
        state=found["state"],
        limits=found.get("limits", ""),
        rules={rule.line: rule for kind in _OPENING for rule in map(_rule(kind), found.get(kind) or ())},
        closed=tuple(rule for kind in (CLOSED, VIEW, EMPTY) for rule in map(_rule(kind), found.get(kind) or ())),
        nodes={entry["node"]: entry["reason"] for entry in found.get("nodes") or ()},
        globals=tuple(map(_global, found.get("globals") or ())),
        events=frozenset(entry["event"] for entry in found.get("events") or ()),
        assessed=dict(found["assessed"]),
    )


def _global(entry: dict[str, Any]) -> PackGlobal:
    return PackGlobal(entry["module"], entry["name"], entry.get("keep", _KEEP))


def _rule(kind: str) -> Callable[[dict[str, Any]], Rule]:
    return lambda entry: Rule(kind, entry["route"], entry["reason"], dict(entry.get("query") or {}), entry.get("body"))
