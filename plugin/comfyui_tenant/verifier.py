"""Verifies the gateway's tokens. Pure: clock and keys are passed in."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from .comfyui import Json
from .context import Tenant
from .tenant_path import directory_of, is_user_id
from .token_key import Keys

ISSUER = "comfy-tenant"
# The audience of tokens signed with a shared key of comfy-tenant 0.1.
SHARED_KEY_AUDIENCE = "comfyui"
OPERATOR = "operator"
# The gateway may run on another machine, whose clock differs slightly.
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


BAD_TOKEN = Refusal(403, "bad_token", "invalid gateway token for this request")
NO_KEY = Refusal(503, "no_key", "this ComfyUI has no key to verify the gateway's tokens")


class KeySource(Protocol):
    def keys(self) -> Keys: ...

    def look(self) -> Keys: ...


@dataclass(frozen=True)
class _Verified:
    tenant: Tenant
    issued: int
    expires: int


class Verifier:
    """Caches verified tokens by their digest until they expire, because the gateway sends the same token for minutes."""

    def __init__(self, source: KeySource, clock: Callable[[], float] = time.time):
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
        verified = verify_token(token, keys, self._clock())
        if verified is None:
            # The gateway may already use a key that was just written.
            newer = self._source.look()
            if newer is keys or not newer:
                return None
            self._known, self._known_for = {}, newer
            verified = verify_token(token, newer, self._clock())
        if verified is not None:
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[_digest(token)] = verified
        return verified


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def verify_token(token: str, keys: Keys, now: float) -> _Verified | None:
    """The verified content of a token, or None. The key determines the algorithm and the audience."""
    try:
        header = jwt.get_unverified_header(token)
        if not _HEADER.issuperset(header):
            return None
        match header["alg"]:
            case "EdDSA" if keys.audience is not None and header.get("kid") in keys.public:
                claims = _decode(token, keys.public[header["kid"]], "EdDSA")
                return _check_claims(claims, keys.audience, now)
            case "HS256" if keys.shared:
                return _check_claims(_decode_shared(token, keys.shared), SHARED_KEY_AUDIENCE, now)
    # On malicious input, jwt also raises other errors, such as RecursionError.
    except Exception:
        return None
    return None


def _decode(token: str, key: Any, algorithm: str) -> Json:
    options: Any = {"verify_signature": True, **_UNCHECKED}
    claims: Json = jwt.decode(token, key, algorithms=[algorithm], options=options)
    return claims


def _decode_shared(token: str, keys: tuple[bytes, ...]) -> Json:
    for key in keys[:-1]:
        try:
            return _decode(token, key, "HS256")
        except jwt.InvalidSignatureError:
            continue
    return _decode(token, keys[-1], "HS256")


def _check_claims(claims: Json, audience: str, now: float) -> _Verified | None:
    subject: Any = claims.get("sub")
    issued: Any = claims.get("iat")
    expires: Any = claims.get("exp")
    if claims.get("iss") != ISSUER or claims.get("aud") != audience:
        return None
    if not isinstance(subject, str) or not is_user_id(subject):
        return None
    if not _is_valid_at(now, issued, expires) or not _is_past(claims.get("nbf", issued), now):
        return None
    roles = claims.get("roles")
    tenant = Tenant(subject, directory_of(subject), isinstance(roles, list) and OPERATOR in roles)
    return _Verified(tenant, int(issued), int(expires))


def _is_valid_at(now: float, issued: Any, expires: Any) -> bool:
    if not _is_past(issued, now) or type(expires) is not int:
        return False
    return 0 < expires - int(issued) <= MAX_LIFE_SECONDS and now < expires + LEEWAY_SECONDS


def _is_past(moment: object, now: float) -> bool:
    # `type` rather than isinstance: a bool is also an int.
    return type(moment) is int and moment <= now + LEEWAY_SECONDS
