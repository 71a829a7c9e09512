"""Who sends a request: exactly one user id, proved by exactly one token of the gateway. Pure, but for the clock it is given."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jwt

from .context import Tenant
from .tenant_path import directory_of, is_user_id

USER_HEADER = "X-FunArt-Comfy-UserId"
TOKEN_HEADER = "X-FunArt-Comfy-Token"
ISSUER = "comfy-tenant"
AUDIENCE = "comfyui"
OPERATOR = "operator"
# The gateway may run on another machine, whose clock differs a little.
LEEWAY_SECONDS = 10
REMEMBERED = 4096


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str
    message: str


NO_USER = Refusal(401, "no_user", "no authenticated user: come through the gateway")
MANY_USERS = Refusal(403, "ambiguous_user", f"more than one {USER_HEADER}")
BAD_USER = Refusal(403, "bad_user", f"{USER_HEADER} is not a user id")
NO_TOKEN = Refusal(403, "gateway_required", "this request did not come through the gateway")
BAD_TOKEN = Refusal(403, "bad_token", "the gateway's token does not fit this request")
NOT_LOOPBACK = Refusal(403, "loopback_only", "without COMFY_TENANT_KEY_FILE only this machine is served")
NO_KEY = Refusal(503, "no_key", "the key shared with the gateway cannot be read")


class Verifier:
    """Verifies the gateway's tokens. The gateway sends one token for minutes, so that verified ones are remembered."""

    def __init__(self, keys: Callable[[], Sequence[bytes]], clock: Callable[[], float] = time.time):
        self._keys = keys
        self._clock = clock
        self._known: dict[str, tuple[Tenant, float]] = {}
        self._known_for: Sequence[bytes] = ()

    def verify(self, token: str, user_id: str) -> Tenant | Refusal:
        keys = self._keys()
        if not keys:
            return NO_KEY
        if keys != self._known_for:
            self._known, self._known_for = {}, keys
        known = self._known.get(token)
        if known is None:
            known = self._judge(token, keys)
            if known is None:
                return BAD_TOKEN
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[token] = known
        tenant, expires = known
        if self._clock() > expires + LEEWAY_SECONDS or tenant.user_id != user_id:
            return BAD_TOKEN
        return tenant

    def _judge(self, token: str, keys: Sequence[bytes]) -> tuple[Tenant, float] | None:
        for key in keys:
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=["HS256"],
                    issuer=ISSUER,
                    audience=AUDIENCE,
                    leeway=LEEWAY_SECONDS,
                    options={"require": ["iss", "sub", "aud", "iat", "exp"]},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.InvalidTokenError:
                return None
            return _tenant_of(claims), float(claims["exp"])
        return None


def _tenant_of(claims: dict) -> Tenant:
    roles = claims.get("roles")
    return Tenant(claims["sub"], directory_of(claims["sub"]), isinstance(roles, list) and OPERATOR in roles)


def is_loopback(peer: str | None) -> bool:
    try:
        return ipaddress.ip_address(peer or "").is_loopback
    except ValueError:
        return False


def identify(users: Sequence[str], tokens: Sequence[str], peer: str | None, verifier: Verifier | None) -> Tenant | Refusal:
    """The user of a request, from all values of the two headers and the address that it came from."""
    if not users or list(users) == [""]:
        return NO_USER
    if len(users) != 1:
        return MANY_USERS
    user_id = users[0]
    if not is_user_id(user_id):
        return BAD_USER
    if verifier is None:
        return Tenant(user_id, directory_of(user_id)) if is_loopback(peer) else NOT_LOOPBACK
    if len(tokens) != 1 or not tokens[0]:
        return NO_TOKEN
    return verifier.verify(tokens[0], user_id)
