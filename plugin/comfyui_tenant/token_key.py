"""The keys that verify the gateway's tokens, and the formats of their files. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MIN_BYTES = 32
FINGERPRINT_LENGTH = 8


class InvalidKey(Exception):
    """A key file cannot be used. The message names the file, the rule and a fix."""

    kind = "invalid"


class MissingKey(InvalidKey):
    kind = "missing"


class PrivateKeyConfigured(InvalidKey):
    kind = "private"


@dataclass(frozen=True)
class Keys:
    """Keys that verify tokens. Public and shared keys have separate algorithms and audiences."""

    audience: str | None = None
    # kid (the RFC 7638 thumbprint) → key.
    public: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    # HS256 keys of comfy-tenant 0.1.
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
    """The keys of one file: `{"audience", "keys"}` with public keys, or lines with shared keys of comfy-tenant 0.1.

    @raises InvalidKey
    """
    if text.lstrip().startswith("{"):
        return _parse_public(text, place)
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise InvalidKey(f"{place}: contains no key; start the gateway once to create it")
    return Keys(shared=tuple(_parse_line(line, f"{place}:{n}") for n, line in lines))


def _parse_public(text: str, place: str) -> Keys:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidKey(f"{place}: is not valid JSON; let the gateway write the file") from error
    keys = found.get("keys")
    if not isinstance(keys, list) or not keys:
        raise InvalidKey(f"{place}: contains no key; let the gateway write the file")
    if any(isinstance(key, dict) and "d" in key for key in keys):
        raise PrivateKeyConfigured(f"{place}: is the gateway's private key: use its public file, such as public/comfyui.json")
    audience = found.get("audience")
    if not isinstance(audience, str) or not audience:
        raise InvalidKey(f"{place}: has no audience; let the gateway write the file")
    return Keys(audience, dict(_parse_jwk(key, f"{place}: keys[{n}]") for n, key in enumerate(keys)))


def _parse_jwk(key: object, place: str) -> tuple[str, Ed25519PublicKey]:
    text = key.get("x") if isinstance(key, dict) and key.get("kty") == "OKP" and key.get("crv") == "Ed25519" else None
    raw = _decode(text) if isinstance(text, str) else b""
    if len(raw) != 32:
        raise InvalidKey(f"{place}: must be a public Ed25519 key; let the gateway write the file")
    plain = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": _encode(raw)}, separators=(",", ":"))
    return _encode(hashlib.sha256(plain.encode()).digest()), Ed25519PublicKey.from_public_bytes(raw)


def _parse_line(line: str, place: str) -> bytes:
    key = _decode(line)
    if len(key) < MIN_BYTES:
        raise InvalidKey(f"{place}: must be base64url of at least {MIN_BYTES} random bytes; let the gateway create the file")
    return key


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
