"""The user whose code is running. There is no default and no fallback: code without a user sees only the shared folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run


@dataclass(frozen=True)
class SignedIn:
    """What a revocation can end."""

    # Milliseconds since 1970.
    issued_at: int
    # Digest of the session id; None for a token.
    session: str | None = None


@dataclass(frozen=True)
class Tenant:
    """The user that a request or a prompt belongs to."""

    user_id: str
    directory: str
    operator: bool = False
    # The prompt that this code belongs to; None in a request.
    run: Run | None = field(default=None, compare=False, repr=False)
    # None with a password, and for code of a prompt.
    signed_in: SignedIn | None = field(default=None, compare=False, repr=False)


class Housekeeping:
    """The plugin's own work on all users' folders, such as emptying the temp folders at startup."""


_current: ContextVar[Tenant | Housekeeping | None] = ContextVar("comfy_tenant", default=None)


def current() -> Tenant | None:
    """The user that the running code works for, or None."""
    found = _current.get()
    return found if isinstance(found, Tenant) else None


def require() -> Tenant:
    """The user that the running code works for. @raises PermissionError if there is none"""
    tenant = current()
    if tenant is None:
        raise PermissionError("comfy-tenant: no user")
    return tenant


def current_run() -> Run | None:
    """The prompt that the running code belongs to, also in threads that it started; None elsewhere."""
    found = _current.get()
    return found.run if isinstance(found, Tenant) else None


def enter(tenant: Tenant | Housekeeping | None) -> Token[Tenant | Housekeeping | None]:
    return _current.set(tenant)


def leave(token: Token[Tenant | Housekeeping | None]) -> None:
    _current.reset(token)


@contextmanager
def as_tenant(tenant: Tenant | Housekeeping | None) -> Iterator[None]:
    token = enter(tenant)
    try:
        yield
    finally:
        leave(token)


def snapshot() -> Tenant | Housekeeping | None:
    """The current value, to be passed to `enter` in another thread."""
    return _current.get()
