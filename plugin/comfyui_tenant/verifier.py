"""Verifies the gateway's tokens. Pure: clock and keys are passed in."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from .comfyui import Json
from .context import SignedIn, Tenant
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
_CLAIMS_OF_RIGHT = {"iss", "aud", "iat", "exp", "rights"}
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

    def verify_right(self, token: str, right: str) -> Refusal | None:
        """Why a token does not carry this right, or None. Such a token belongs to no user."""
        keys = self._source.keys()
        if not keys:
            return NO_KEY
        if _has_right(token, right, keys, self._clock()):
            return None
        newer = self._source.look()
        return None if newer is not keys and _has_right(token, right, newer, self._clock()) else BAD_TOKEN

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
    """The verified user of a token, or None."""
    claims = _verified_claims(token, keys, now)
    return None if claims is None else _user_of(claims)


def _has_right(token: str, right: str, keys: Keys, now: float) -> bool:
    claims = _verified_claims(token, keys, now)
    return claims is not None and set(claims) == _CLAIMS_OF_RIGHT and claims["rights"] == [right]


def _verified_claims(token: str, keys: Keys, now: float) -> Json | None:
    """The claims of a token that is signed and valid now, or None. The key determines the algorithm and the audience."""
    try:
        header = jwt.get_unverified_header(token)
        if not _HEADER.issuperset(header):
            return None
        match header["alg"]:
            case "EdDSA" if keys.audience is not None and header.get("kid") in keys.public:
                claims = _decode(token, keys.public[header["kid"]], "EdDSA")
                return claims if _is_ours(claims, keys.audience, now) else None
            case "HS256" if keys.shared:
                claims = _decode_shared(token, keys.shared)
                return claims if _is_ours(claims, SHARED_KEY_AUDIENCE, now) else None
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


def _is_ours(claims: Json, audience: str, now: float) -> bool:
    if claims.get("iss") != ISSUER or claims.get("aud") != audience:
        return False
    issued: Any = claims.get("iat")
    return _is_valid_at(now, issued, claims.get("exp")) and _is_past(claims.get("nbf", issued), now)


def _user_of(claims: Json) -> _Verified | None:
    subject: Any = claims.get("sub")
    if not isinstance(subject, str) or not is_user_id(subject) or "rights" in claims:
        return None
    if not _is_signed_in(claims.get("ait"), claims.get("sid")):
        return None
    issued = claims.get("ait")
    signed_in = None if issued is None else SignedIn(issued, claims.get("sid"))
    roles = claims.get("roles")
    is_operator = isinstance(roles, list) and OPERATOR in roles
    tenant = Tenant(subject, directory_of(subject), is_operator, signed_in=signed_in)
    return _Verified(tenant, int(claims["iat"]), int(claims["exp"]))


def _is_signed_in(issued: object, session: object) -> bool:
    if issued is None:
        return session is None
    return type(issued) is int and (session is None or isinstance(session, str))


def _is_valid_at(now: float, issued: Any, expires: Any) -> bool:
    if not _is_past(issued, now) or type(expires) is not int:
        return False
    return 0 < expires - int(issued) <= MAX_LIFE_SECONDS and now < expires + LEEWAY_SECONDS


def _is_past(moment: object, now: float) -> bool:
    # `type` rather than isinstance: a bool is also an int.
    return type(moment) is int and moment <= now + LEEWAY_SECONDS
