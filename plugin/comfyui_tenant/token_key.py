"""The key shared with the gateway, read from a file and read again when the file changes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import time

MIN_BYTES = 32
LOOK_EVERY_SECONDS = 1.0


class KeyFault(Exception):
    """The key file cannot be used: names the file, the rule and the remedy."""


def parse_keys(text: str, place: str) -> tuple[bytes, ...]:
    """Each non-empty line is one key, base64url of 32 random bytes or more. The first signs, every one verifies."""
    keys = tuple(_parse_line(line.strip(), f"{place}:{n}") for n, line in enumerate(text.splitlines(), 1) if line.strip())
    if not keys:
        raise KeyFault(f"{place}: holds no key; start the gateway once, which makes it")
    return keys


def _parse_line(line: str, place: str) -> bytes:
    try:
        key = base64.b64decode(line + "=" * (-len(line) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < MIN_BYTES:
        raise KeyFault(f"{place}: must be base64url of at least {MIN_BYTES} random bytes; let the gateway make the file")
    return key


def fingerprint(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:8]


class KeyFile:
    """The keys of a file. A change is taken within a second; a fault leaves no key, so that everyone is refused."""

    def __init__(self, path: str, clock=time.monotonic):
        self.path = path
        self._clock = clock
        self._looked = float("-inf")
        self._stamp: tuple[int, ...] | None = None
        self._keys: tuple[bytes, ...] = ()
        self.fault: str | None = None

    def keys(self) -> tuple[bytes, ...]:
        now = self._clock()
        if now - self._looked >= LOOK_EVERY_SECONDS:
            self._looked = now
            self._look()
        return self._keys

    def _look(self) -> None:
        try:
            status = os.stat(self.path)
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp == self._stamp:
                return
            with open(self.path, encoding="ascii") as file:
                self._keys = parse_keys(file.read(), self.path)
            self._stamp, self.fault = stamp, None
        except (OSError, UnicodeDecodeError, KeyFault) as error:
            self._keys, self._stamp = (), None
            self.fault = str(error)
