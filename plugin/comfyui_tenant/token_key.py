"""What the gateway's tokens are verified by: files that COMFY_TENANT_KEY_FILE names, read again when they change."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from . import context

VARIABLE = "COMFY_TENANT_KEY_FILE"
MIN_BYTES = 32
LOOK_EVERY_SECONDS = 1.0
FINGERPRINT_LENGTH = 8


class KeyFault(Exception):
    """A key file cannot be used: names the file, the rule and the remedy."""

    kind = "invalid"


class MissingKey(KeyFault):
    kind = "missing"


class PrivateKeyGiven(KeyFault):
    kind = "private"


@dataclass(frozen=True)
class Keys:
    """Keys that verify tokens. Public and shared keys never mix: each is used with its own algorithm and audience."""

    audience: str | None = None
    # By kid, which is the RFC 7638 thumbprint.
    public: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    # Of comfy-tenant 0.1: HS256.
    shared: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.public or self.shared)

    @property
    def fingerprint(self) -> str | None:
        return next((kid[:FINGERPRINT_LENGTH] for kid in self.public), self.shared_fingerprint)

    @property
    def shared_fingerprint(self) -> str | None:
        return hashlib.sha256(self.shared[0]).hexdigest()[:FINGERPRINT_LENGTH] if self.shared else None

    @property
    def kind(self) -> str:
        if self.public:
            return "both" if self.shared else "public"
        return "shared" if self.shared else "invalid"


def parse_keys(text: str, place: str) -> Keys:
    """The keys of one file: `{"audience", "keys"}` of public keys, or lines with shared keys of comfy-tenant 0.1."""
    if text.lstrip().startswith("{"):
        return _parse_public(text, place)
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise KeyFault(f"{place}: holds no key; start the gateway once, which makes it")
    return Keys(shared=tuple(_parse_line(line, f"{place}:{n}") for n, line in lines))


def _parse_public(text: str, place: str) -> Keys:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise KeyFault(f"{place}: is not valid JSON; let the gateway write the file") from error
    keys = found.get("keys")
    if not isinstance(keys, list) or not keys:
        raise KeyFault(f"{place}: holds no key; let the gateway write the file")
    if any(isinstance(key, dict) and "d" in key for key in keys):
        raise PrivateKeyGiven(f"{place}: is the gateway's private key: name its public file, such as public/comfyui.json")
    audience = found.get("audience")
    if not isinstance(audience, str) or not audience:
        raise KeyFault(f"{place}: has no audience; let the gateway write the file")
    return Keys(audience, dict(_parse_jwk(key, f"{place}: keys[{n}]") for n, key in enumerate(keys)))


def _parse_jwk(key: object, place: str) -> tuple[str, Ed25519PublicKey]:
    text = key.get("x") if isinstance(key, dict) and key.get("kty") == "OKP" and key.get("crv") == "Ed25519" else None
    raw = _decode(text) if isinstance(text, str) else b""
    if len(raw) != 32:
        raise KeyFault(f"{place}: must be a public Ed25519 key; let the gateway write the file")
    plain = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": _encode(raw)}, separators=(",", ":"))
    return _encode(hashlib.sha256(plain.encode()).digest()), Ed25519PublicKey.from_public_bytes(raw)


def _parse_line(line: str, place: str) -> bytes:
    key = _decode(line)
    if len(key) < MIN_BYTES:
        raise KeyFault(f"{place}: must be base64url of at least {MIN_BYTES} random bytes; let the gateway make the file")
    return key


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(path: str) -> Keys:
    try:
        with open(path, encoding="ascii") as file:
            return parse_keys(file.read(), path)
    except FileNotFoundError as error:
        raise MissingKey(f"{path}: does not exist") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFault(f"{path}: cannot be read: {error}") from error


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
        raise KeyFault(f"{VARIABLE} names two files with public keys: name the one for this ComfyUI")
    shared = tuple(key for keys in found for key in keys.shared)
    return Keys(public[0].audience, public[0].public, shared) if public else Keys(shared=shared)


class KeyFile:
    """The keys of the files that a text names, parted as in PATH: the public file, and a shared key while migrating.

    A change takes effect within a second, or at once through `look`. A fault leaves no key, so that everyone is refused;
    only a shared key's file may be missing beside a public one, for deleting it ends the migration.
    """

    def __init__(self, names: str | None, clock=time.monotonic):
        self.paths = _paths_of(names or "")
        self._clock = clock
        self._looked = float("-inf")
        self._stamps: list[tuple[int, ...] | None] | None = None
        self._keys = Keys()
        self.kind = "unset"
        self.fault: str | None = None

    def keys(self) -> Keys:
        now = self._clock()
        if now - self._looked >= LOOK_EVERY_SECONDS:
            self._looked = now
            self.look()
        return self._keys

    def look(self) -> Keys:
        """The keys as they are in the files now."""
        with context.as_tenant(context.Housekeeping()):
            stamps = [_stamp(path) for path in self.paths]
            # Files that cannot be read are tried again: what keeps them from it does not show in their stamp.
            if stamps != self._stamps:
                self._load()
                self._stamps = stamps if self.fault is None else None
        return self._keys

    def _load(self) -> None:
        try:
            if not self.paths:
                raise KeyFault(f"{VARIABLE} is not set: set it to the file with the gateway's public keys")
            self._keys = _merged(self._found())
            self.kind, self.fault = self._keys.kind, None
        except KeyFault as error:
            self._keys, self.fault = Keys(), str(error)
            self.kind = error.kind if self.paths else "unset"

    def _found(self) -> list[Keys]:
        found, missing = [], None
        for path in self.paths:
            try:
                found.append(_read(path))
            except MissingKey as error:
                missing = error
        if missing is not None and not any(keys.public for keys in found):
            raise missing
        return found
