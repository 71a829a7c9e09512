"""The pools that replace shared ones, one per user."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from . import forks, pool_endings


class PoolSubstitutes:
    """For each shared pool, the pools that replace it, one per user."""

    def __init__(self) -> None:
        self._lock = forks.new_lock()
        self._of: weakref.WeakKeyDictionary[object, dict[str, Any]] = weakref.WeakKeyDictionary()

    def get(self, pool: object, directory: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            own = self._of.setdefault(pool, {})
            if directory not in own or not pool_endings.is_usable(own[directory]):
                own[directory] = make()
            return own[directory]

    def take(self, pool: object) -> list[Any]:
        with self._lock:
            return list(self._of.pop(pool, {}).values())

    def take_all_of(self, directory: str) -> list[Any]:
        with self._lock:
            return [own.pop(directory) for own in self._of.values() if directory in own]
