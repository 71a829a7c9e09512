"""Replaces the server's folders in what users see, such as `/srv/ComfyUI/models/loras` by `models/loras`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

_TEXT = ("application/json", "text/plain", "text/html", "application/javascript", "text/javascript")


class ServerPaths:
    """@param own the current user's folders, each with its neutral name
    @param shared folders of the server, each with its neutral name
    """

    def __init__(self, shared: Iterable[tuple[str, str]], own: Callable[[], Iterable[tuple[str, str]]]):
        shared = list(shared)
        self._shared = _longest_first(shared)
        # Searching for these is much faster than for the patterns.
        self._spellings = {spelling for path in _names_of(shared) for spelling in _spellings_of(path)}
        self._own = own

    def hide(self, text: str) -> str:
        """A text without the folders."""
        for pattern, name in self._patterns():
            text = pattern.sub(name, text)
        return text

    def has_shared(self, text: str) -> bool:
        """Whether a text, which may be JSON, names a folder of the server."""
        return any(spelling in text for spelling in self._spellings)

    def hide_shared(self, text: str) -> str:
        """A text without the folders of the server, unless it names one of the user's, which works only as it is."""
        if not self.has_shared(text) or any(pattern.search(text) for pattern, _ in _longest_first(self._own())):
            return text
        for pattern, name in self._shared:
            text = pattern.sub(name, text)
        return text

    def hide_in(self, value: Any) -> Any:
        """JSON data without the folders in its texts."""
        encoded = json.dumps(value, default=str)
        hidden = self.hide(encoded)
        return value if hidden == encoded else json.loads(hidden)

    def hide_in_response(self, response: web.StreamResponse) -> web.StreamResponse:
        """The response; if it is a text that names a folder, without it."""
        if not isinstance(response, web.Response) or response.content_type not in _TEXT or not isinstance(response.body, bytes):
            return response
        text = response.body.decode(response.charset or "utf-8", "surrogateescape")
        hidden = self.hide(text)
        if hidden != text:
            response.body = hidden.encode(response.charset or "utf-8", "surrogateescape")
        return response

    def _patterns(self) -> Iterable[tuple[re.Pattern[str], str]]:
        yield from _longest_first(self._own())
        yield from self._shared


def _names_of(folders: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each folder, as given and resolved → its name."""
    return {path.rstrip("/\\"): name for path, name in folders for path in (path, os.path.realpath(path)) if len(path) > 3}


def _longest_first(folders: Iterable[tuple[str, str]]) -> list[tuple[re.Pattern[str], str]]:
    return [(_pattern(path), name) for path, name in sorted(_names_of(folders).items(), key=lambda pair: -len(pair[0]))]


def _spellings_of(path: str) -> set[str]:
    """As a text and within JSON, which doubles backslashes."""
    return {path, json.dumps(path)[1:-1]}


def _pattern(path: str) -> re.Pattern[str]:
    # Not a part of a longer name.
    spellings = map(re.escape, sorted(_spellings_of(path), key=len, reverse=True))
    return re.compile(f"(?:{'|'.join(spellings)})(?![\\w.-])")
