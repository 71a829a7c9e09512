"""The routes that only the gateway itself may call, with a token that carries one right and belongs to no user. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .verifier import BAD_TOKEN, Refusal, Verifier

CLOSE = "/_tenant/close"
USAGE = "/_tenant/usage"
# Method and route → the right.
RIGHTS = {("POST", CLOSE): "close", ("GET", USAGE): "usage"}


def refusal_of(users: Sequence[str], tokens: Sequence[str], verifier: Verifier, right: str) -> Refusal | None:
    """Why a request may not call a route: only a token with this one right may, which no user has."""
    if users or len(tokens) != 1:
        return BAD_TOKEN
    return verifier.verify_right(tokens[0], right)
