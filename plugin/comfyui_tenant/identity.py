"""The user of a request: exactly one user id, proved by exactly one gateway token. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .context import Tenant
from .tenant_path import is_user_id
from .verifier import Refusal, Verifier

USER_HEADER = "X-FunArt-Comfy-UserId"
TOKEN_HEADER = "X-FunArt-Comfy-Token"

NO_USER = Refusal(401, "no_user", "no authenticated user: use the gateway")
MANY_USERS = Refusal(403, "ambiguous_user", f"more than one {USER_HEADER}")
BAD_USER = Refusal(403, "bad_user", f"{USER_HEADER} is not a valid user id")
NO_TOKEN = Refusal(403, "gateway_required", "this request did not come through the gateway")


def identify(users: Sequence[str], tokens: Sequence[str], verifier: Verifier) -> Tenant | Refusal:
    """@param users, tokens all values of the two headers"""
    if not users or list(users) == [""]:
        return NO_USER
    if len(users) != 1:
        return MANY_USERS
    user_id = users[0]
    if not is_user_id(user_id):
        return BAD_USER
    if len(tokens) != 1 or not tokens[0]:
        return NO_TOKEN
    return verifier.verify(tokens[0], user_id)
