"""Verifies the gateway's tokens. Pure, but for the clock and the source of keys that it is given."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Protocol

import jwt

from .context import Tenant
from .tenant_path import directory_of, is_user_id
from .token_key import Keys

ISSUER = "comfy-tenant"
# Of every token that a shared key of comfy-tenant 0.1 signed.
SHARED_KEY_AUDIENCE = "comfyui"
OPERATOR = "operator"
# The gateway may run on another machine, whose clock differs a little.
LEEWAY_SECONDS = 10
MAX_LIFE_SECONDS = 600
REMEMBERED = 4096
_HEADER = frozenset(["alg", "kid", "typ"])
_UNCHECKED = dict.fromkeys(
    ["verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti"], False
)


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str
    message: str


BAD_TOKEN = Refusal(403, "bad_token", "the gateway's token does not fit this request")
NO_KEY = Refusal(503, "no_key", "this ComfyUI has no key to verify the gateway's tokens by")


class KeySource(Protocol):
    def keys(self) -> Keys: ...

    def look(self) -> Keys: ...


@dataclass(frozen=True)
class _Verified:
    tenant: Tenant
    issued: int
    expires: int


class Verifier:
    """The gateway sends one token for minutes, so verified ones are remembered: by their digest, never past their end."""

    def __init__(self, source: KeySource, clock=time.time):
        self._source = source
        self._clock = clock
        self._known: dict[bytes, _Verified] = {}
        self._known_for: Keys | None = None

    def verify(self, token: str, user_id: str) -> Tenant | Refusal:
        keys = self._source.keys()
        if not keys:
            return NO_KEY
        verified = self._remembered(token, keys) or self._check(token, keys)
        if verified is None or verified.tenant.user_id != user_id:
            return BAD_TOKEN
        return verified.tenant

    def _remembered(self, token: str, keys: Keys) -> _Verified | None:
        if keys is not self._known_for:
            self._known, self._known_for = {}, keys
        digest = _digest(token)
        known = self._known.get(digest)
        if known is None or known.issued - LEEWAY_SECONDS <= self._clock() < known.expires:
            return known
        del self._known[digest]
        return None

    def _check(self, token: str, keys: Keys) -> _Verified | None:
        verified = check_token(token, keys, self._clock())
        if verified is None:
            # The gateway may have begun to use a key that has just been written.
            newer = self._source.look()
            if newer is keys or not newer:
                return None
            self._known, self._known_for = {}, newer
            verified = check_token(token, newer, self._clock())
        if verified is not None:
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[_digest(token)] = verified
        return verified


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def check_token(token: str, keys: Keys, now: float) -> _Verified | None:
    """What a token proves, or None. The algorithm is that of the key; each kind of key has its own audience."""
    try:
        header = jwt.get_unverified_header(token)
        if not _HEADER.issuperset(header):
            return None
        match header["alg"]:
            case "EdDSA" if keys.audience is not None and header.get("kid") in keys.public:
                claims = _decode(token, keys.public[header["kid"]], "EdDSA")
                return _judge(claims, keys.audience, now)
            case "HS256" if keys.shared:
                return _judge(_decode_shared(token, keys.shared), SHARED_KEY_AUDIENCE, now)
    # jwt raises more than its own errors on hostile text, such as a RecursionError.
    except Exception:
        return None
    return None


def _decode(token: str, key, algorithm: str) -> dict:
    return jwt.decode(token, key, algorithms=[algorithm], options={"verify_signature": True, **_UNCHECKED})


def _decode_shared(token: str, keys: tuple[bytes, ...]) -> dict:
    for key in keys[:-1]:
        try:
            return _decode(token, key, "HS256")
        except jwt.InvalidSignatureError:
            continue
    return _decode(token, keys[-1], "HS256")


def _judge(claims: dict, audience: str, now: float) -> _Verified | None:
    subject, issued, expires = (claims.get(name) for name in ("sub", "iat", "exp"))
    if claims.get("iss") != ISSUER or claims.get("aud") != audience:
        return None
    if not isinstance(subject, str) or not is_user_id(subject):
        return None
    if not _timely(issued, expires, now) or not _begun(claims.get("nbf", issued), now):
        return None
    roles = claims.get("roles")
    tenant = Tenant(subject, directory_of(subject), isinstance(roles, list) and OPERATOR in roles)
    return _Verified(tenant, issued, expires)


def _timely(issued: object, expires: object, now: float) -> bool:
    if not _begun(issued, now) or type(expires) is not int:
        return False
    return 0 < expires - issued <= MAX_LIFE_SECONDS and now < expires + LEEWAY_SECONDS


def _begun(moment: object, now: float) -> bool:
    # Not a bool, which is an int too.
    return type(moment) is int and moment <= now + LEEWAY_SECONDS
