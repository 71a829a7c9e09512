"""The plugin's settings: a YAML or JSON file named by COMFY_TENANT_SETTINGS. All faults are told at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

VARIABLE = "COMFY_TENANT_SETTINGS"
_ROUTE = re.compile(r"([A-Z]+ )?/\S*")


class SettingsFault(Exception):
    """The settings cannot be used; the text names every fault."""


@dataclass(frozen=True)
class Settings:
    tenants_dir: str | None = None
    allow_routes: tuple[str, ...] = ()
    shared_loaders: tuple[str, ...] = ()
    # Prompts that one user may have waiting.
    max_queued: int = 100
    # Bytes that one user may have under input and output together; None: no limit.
    quota_bytes: int | None = None
    # Free bytes of the disk under which nothing new is taken.
    min_free_bytes: int = 256 * 1024 * 1024
    # Seconds that one prompt may run; None: no limit.
    max_run_seconds: float | None = None
    # Seconds from an interrupt until a prompt's threads and processes are ended by force.
    interrupt_grace_seconds: float = 10.0
    # Places that every prompt may read, may write, and where every prompt's libraries keep what they have compiled or fetched.
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    require_kernel_isolation: bool = False
    # Files and folders that no user's code may touch.
    private: tuple[str, ...] = ()


def _text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _routes(value: object) -> bool:
    return _texts(value) and all(_ROUTE.fullmatch(line) for line in value)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9


def _natural_or_zero(value: object) -> bool:
    return value == 0 and not isinstance(value, bool) or _natural(value)


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
    "requireKernelIsolation": ("require_kernel_isolation", _flag, "must be true or false"),
}


def parse_settings(found: object, place: str) -> Settings:
    """Settings from what a file holds. @raises SettingsFault"""
    if found is None:
        return Settings()
    if not isinstance(found, dict):
        raise SettingsFault(f"{place}: must be a map of settings: {', '.join(_KEYS)}")
    faults = [fault for key, value in found.items() if (fault := _fault_of(str(key), value)) is not None]
    if faults:
        raise SettingsFault("\n".join(f"{place}: {fault}" for fault in faults))
    values = {_KEYS[key][0]: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    return Settings(**values)


def _fault_of(key: str, value: object) -> str | None:
    if key not in _KEYS:
        near = get_close_matches(key, _KEYS, 1)
        return f"{key}: there is no such setting" + (f", is {near[0]} meant?" if near else f"; there are {', '.join(_KEYS)}")
    _, fits, rule = _KEYS[key]
    return None if fits(value) else f"{key}: {rule}"


def read_settings(path: str | None) -> Settings:
    """The settings of a file; the default ones without a file. @raises SettingsFault"""
    if not path:
        return Settings()
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            found = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsFault(f"{VARIABLE}={path}: cannot be read: {error}") from error
    settings = parse_settings(found, path)
    folder = os.path.dirname(os.path.abspath(path))
    return replace(settings, **{field: _beside(folder, getattr(settings, field)) for field in _PATHS})


# Relative to the settings' file.
_PATHS = ("tenants_dir", "private", "readable", "writable", "caches")


def _beside(folder: str, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(os.path.join(folder, os.path.expanduser(path)) for path in value)
    return os.path.join(folder, value)
