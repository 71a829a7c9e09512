"""The installed node packs, and which of them a route or a file belongs to."""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .sandbox_policy import is_under

_PROJECT = re.compile(r"^\[project\]\s*$(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_VALUE = r"^{}\s*=\s*[\"']([^\"'\n]+)[\"']"


@dataclass(frozen=True)
class Pack:
    """A folder in custom_nodes. `folder` is resolved: links are common there."""

    name: str
    folder: str
    # From pyproject.toml.
    project: str | None
    version: str | None


def find_packs(custom_nodes: Iterable[str], own_folder: str) -> list[Pack]:
    """The packs that ComfyUI loads. @param own_folder this plugin's, which is not one of them"""
    found: dict[str, Pack] = {}
    for base in custom_nodes:
        for name in sorted(_children(base)):
            folder = os.path.realpath(os.path.join(base, name))
            if not name.startswith((".", "__")) and not name.endswith(".disabled") and os.path.isdir(folder):
                found.setdefault(folder, Pack(name, folder, *_project_of(folder)))
    found.pop(os.path.realpath(own_folder), None)
    return list(found.values())


def _children(base: str) -> list[str]:
    try:
        return os.listdir(base)
    except OSError:
        return []


def _project_of(folder: str) -> tuple[str | None, str | None]:
    """Name and version in the pack's pyproject.toml. Without a TOML parser, which Python 3.10 lacks."""
    try:
        with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8") as file:
            section = _PROJECT.search(file.read())
    except (OSError, UnicodeDecodeError):
        return None, None
    return _value("name", section[1] if section else ""), _value("version", section[1] if section else "")


def _value(key: str, section: str) -> str | None:
    found = re.search(_VALUE.format(key), section, re.MULTILINE)
    return found[1] if found else None


def pack_of_path(path: str, packs: Iterable[Pack]) -> Pack | None:
    """The pack whose folder contains a resolved path."""
    return next((pack for pack in packs if is_under(path, pack.folder)), None)


def pack_of_handler(handler: Any, packs: Iterable[Pack]) -> Pack | None:
    """The pack whose code serves a route; None if unknown."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    handler = inspect.unwrap(handler)
    code = getattr(getattr(handler, "__func__", handler), "__code__", None)
    return None if code is None else pack_of_path(os.path.realpath(code.co_filename), packs)
