"""Reads the key files that COMFY_TENANT_KEY_FILE names, again when they change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from . import context
from .token_key import InvalidKey, Keys, MissingKey, parse_keys

VARIABLE = "COMFY_TENANT_KEY_FILE"
LOOK_EVERY_SECONDS = 1.0


def _read(path: str) -> Keys:
    try:
        with open(path, encoding="ascii") as file:
            return parse_keys(file.read(), path)
    except FileNotFoundError as error:
        raise MissingKey(f"{path}: does not exist") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidKey(f"{path}: cannot be read: {error}") from error


def _stamp(path: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _paths_of(names: str) -> list[str]:
    if os.path.isfile(names):
        return [os.path.abspath(names)]
    return [os.path.abspath(name) for name in names.split(os.pathsep) if name]


def _merged(found: list[Keys]) -> Keys:
    public = [keys for keys in found if keys.public]
    if len(public) > 1:
        raise InvalidKey(f"{VARIABLE} names two files with public keys: use only the one for this ComfyUI")
    shared = tuple(key for keys in found for key in keys.shared)
    return Keys(public[0].audience, public[0].public, shared) if public else Keys(shared=shared)


class KeyFile:
    """The keys of one or more files, separated as in PATH: the public file, and a shared key during migration.

    A change takes effect within a second, or at once through `look`. After an error there is no key: all requests are denied.
    Next to a public key file, the file of a shared key may be missing: deleting it ends the migration.
    """

    def __init__(self, names: str | None, clock: Callable[[], float] = time.monotonic):
        self.paths = _paths_of(names or "")
        self._clock = clock
        self._looked = float("-inf")
        self._stamps: list[tuple[int, ...] | None] | None = None
        self._keys = Keys()
        self.kind = "unset"
        self.error: str | None = None

    def keys(self) -> Keys:
        now = self._clock()
        if now - self._looked >= LOOK_EVERY_SECONDS:
            self._looked = now
            self.look()
        return self._keys

    def look(self) -> Keys:
        """The keys that the files contain now."""
        with context.as_tenant(context.Housekeeping()):
            stamps = [_stamp(path) for path in self.paths]
            # Retry files that could not be read: the cause may not change their stamp.
            if stamps != self._stamps:
                self._load()
                self._stamps = stamps if self.error is None else None
        return self._keys

    def _load(self) -> None:
        try:
            if not self.paths:
                raise InvalidKey(f"{VARIABLE} is not set: set it to the file with the gateway's public keys")
            self._keys = _merged(self._found())
            self.kind, self.error = self._keys.kind, None
        except InvalidKey as error:
            self._keys, self.error = Keys(), str(error)
            self.kind = error.kind if self.paths else "unset"

    def _found(self) -> list[Keys]:
        found: list[Keys] = []
        missing: MissingKey | None = None
        for path in self.paths:
            try:
                found.append(_read(path))
            except MissingKey as error:
                missing = error
        if missing is not None and not any(keys.public for keys in found):
            raise missing
        return found
