"""The plugin's settings: a YAML or JSON file named by COMFY_TENANT_SETTINGS. All errors are reported at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

VARIABLE = "COMFY_TENANT_SETTINGS"
# The roles that weights can name.
USER, OPERATOR = "user", "operator"
_ROUTE = re.compile(r"([A-Z]+ )?/\S*")


class SettingsError(Exception):
    """The settings are invalid; the message lists every error."""


@dataclass(frozen=True)
class Settings:
    tenants_dir: str | None = None
    allow_routes: tuple[str, ...] = ()
    shared_loaders: tuple[str, ...] = ()
    # Waiting prompts per user.
    max_queued: int = 100
    # Bytes of input and output per user; None: no limit.
    quota_bytes: int | None = None
    # With less free disk space, nothing new is stored.
    min_free_bytes: int = 256 * 1024 * 1024
    # Maximum run time of a prompt in seconds; None: no limit.
    max_run_seconds: float | None = None
    # Seconds from an interrupt until a prompt is ended by force.
    interrupt_grace_seconds: float = 10.0
    # Places that every prompt may read, may write, and may use as caches of libraries.
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    # Folder with `input` and `workflows` that operators fill and everyone can read; None: `library` in the base folder.
    library: str | None = None
    # `kinds` of models that users may upload, and `maxBytes` of one; empty: none.
    user_models: dict[str, Any] = field(default_factory=dict)
    require_kernel_isolation: bool = False
    # Files and folders that no user's code may access.
    private: tuple[str, ...] = ()
    # In this time, used GPU seconds lose half of their weight in the order of the queue.
    share_half_life_seconds: float = 6 * 3600.0
    # Role → how many times as much GPU time it gets.
    share_weights: dict[str, float] = field(default_factory=dict)
    # Per user and UTC day: from `soft` on a notice, from `hard` on no new prompts.
    gpu_seconds_per_day: dict[str, float] = field(default_factory=dict)


def _text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _routes(value: object) -> bool:
    return isinstance(value, list) and _texts(value) and all(_ROUTE.fullmatch(line) for line in value)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9


def _natural_or_zero(value: object) -> bool:
    return value == 0 and not isinstance(value, bool) or _natural(value)


def _weights(value: object) -> bool:
    if not isinstance(value, dict) or not value or not {USER, OPERATOR}.issuperset(value):
        return False
    return all(_seconds(weight) and weight >= 0.01 for weight in value.values())


def _day_limits(value: object) -> bool:
    if not isinstance(value, dict) or not value or not {"soft", "hard"}.issuperset(value):
        return False
    return all(map(_seconds, value.values())) and value.get("soft", 0) <= value.get("hard", value.get("soft", 0))


def _user_models(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"kinds", "maxBytes"}:
        return False
    return _texts(value["kinds"]) and _natural(value["maxBytes"])


# key → field, test, rule
_KEYS = {
    "tenantsDir": ("tenants_dir", _text, "must be a folder, such as /data/tenants"),
    "allowRoutes": ("allow_routes", _routes, 'must be a list such as ["GET /my_node/list", "/other_node/*"]'),
    "sharedLoaders": ("shared_loaders", _texts, 'must be a list of node classes, such as ["UnetLoaderGGUF"]'),
    "private": ("private", _texts, 'must be a list of files and folders, such as ["/etc/my-secrets"]'),
    "maxQueued": ("max_queued", _natural, "must be a whole number, 1 or more"),
    "quotaBytes": ("quota_bytes", _natural, "must be a whole number of bytes, 1 or more"),
    "minFreeBytes": ("min_free_bytes", _natural_or_zero, "must be a whole number of bytes; 0 turns it off"),
    "maxRunSeconds": ("max_run_seconds", _seconds, "must be a number of seconds above 0"),
    "interruptGraceSeconds": ("interrupt_grace_seconds", _seconds, "must be a number of seconds above 0"),
    "readable": ("readable", _texts, "must be a list of files and folders, such as [/data/pictures]"),
    "writable": ("writable", _texts, "must be a list of folders, such as [/data/exports]"),
    "caches": ("caches", _texts, "must be a list of folders, such as [/data/huggingface]"),
    "userModels": ("user_models", _user_models, "must be {kinds, maxBytes}, such as {kinds: [loras], maxBytes: 2000000000}"),
    "library": ("library", _text, "must be a folder, such as /data/library"),
    "shareHalfLifeSeconds": ("share_half_life_seconds", _seconds, "must be a number of seconds above 0"),
    "shareWeights": ("share_weights", _weights, "must map user and operator to numbers of 0.01 or more, such as {operator: 2}"),
    "gpuSecondsPerDay": ("gpu_seconds_per_day", _day_limits, "must be {soft, hard}, numbers of seconds, soft not above hard"),
    "requireKernelIsolation": ("require_kernel_isolation", _flag, "must be true or false"),
}


def parse_settings(found: object, place: str) -> Settings:
    """Settings from the parsed content of a file. @raises SettingsError"""
    if found is None:
        return Settings()
    if not isinstance(found, dict):
        raise SettingsError(f"{place}: must be a map of settings: {', '.join(_KEYS)}")
    errors = [error for key, value in found.items() if (error := _error_of(str(key), value)) is not None]
    if errors:
        raise SettingsError("\n".join(f"{place}: {error}" for error in errors))
    values: dict[str, Any] = {_KEYS[key][0]: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    return Settings(**values)


def _error_of(key: str, value: object) -> str | None:
    if key not in _KEYS:
        near = get_close_matches(key, _KEYS, 1)
        return f"{key}: unknown setting; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(_KEYS)}")
    _, fits, rule = _KEYS[key]
    return None if fits(value) else f"{key}: {rule}"


def read_settings(path: str | None) -> Settings:
    """The settings in a file; the defaults without a file. @raises SettingsError"""
    if not path:
        return Settings()
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            found = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{VARIABLE}={path}: cannot be read: {error}") from error
    settings = parse_settings(found, path)
    folder = os.path.dirname(os.path.abspath(path))
    absolute: dict[str, Any] = {field: _relative_to(folder, getattr(settings, field)) for field in _PATHS}
    return replace(settings, **absolute)


# Relative to the settings file.
_PATHS = ("tenants_dir", "library", "private", "readable", "writable", "caches")


def _relative_to(folder: str, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(os.path.join(folder, os.path.expanduser(path)) for path in value)
    return os.path.join(folder, value)
