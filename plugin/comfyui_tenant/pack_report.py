"""`GET /_tenant/packs`, for users: which node packs are limited. `GET /_tenant/fitness` lists all packs, for operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiohttp import web

from . import policy
from .comfyui import Json, PromptServer
from .pack_routes import Decision, PackRoutes
from .profile_errors import NOT_ASSESSED, PARTLY, WORKS
from .profiles import ProfiledPack

_UNKNOWN = "routes that no profile covers are closed"
_CONTRIBUTE = "write a profile (plugin/README.md), or open a route with allowRoutes after reading its code"


def add_packs(server: PromptServer, routes: PackRoutes) -> None:
    @server.routes.get("/_tenant/packs")
    async def packs(_request: web.Request) -> web.Response:
        limited = [entry for entry in report(server.app, routes) if entry["state"] not in (WORKS, NOT_ASSESSED)]
        return web.json_response([{name: entry[name] for name in ("pack", "state", "limits")} for entry in limited])


def report(app: web.Application, routes: PackRoutes) -> list[Json]:
    """Per pack: its state, how many of its routes are closed, and what the operator can do."""
    closed: dict[str, list[str]] = {}
    for asked, decision in _routes_of(app, routes):
        if decision.pack is not None and decision.access == policy.CLOSED:
            closed.setdefault(decision.pack, []).append(asked)
    return [_entry(found, sorted(set(closed.get(found.pack.name, ())))) for found in routes.packs]


def _routes_of(app: web.Application, routes: PackRoutes) -> Iterator[tuple[str, Decision]]:
    for route in app.router.routes():
        if route.resource is not None and route.method not in ("HEAD", "OPTIONS"):
            canonical = policy.core_of(route.resource.canonical)
            yield policy.asked_for(route.method, canonical), routes.decide(route, route.method, canonical)


def _entry(found: ProfiledPack, closed: list[str]) -> Json:
    pack, profile = found.pack, found.profile
    entry: dict[str, Any] = {"pack": pack.name, "version": pack.version, "closedRoutes": closed, "limits": "", "remedy": ""}
    if profile is not None and found.covered:
        return {**entry, "profile": profile.pack, "state": profile.state, "limits": profile.limits}
    entry["profile"] = None
    if profile is not None:
        limits = f"version {pack.version or 'unknown'} has not been assessed: {_UNKNOWN}"
        remedy = f"use a version that the profile covers: {_dotted(profile.since)} or newer, below {_dotted(profile.below)}"
        return {**entry, "state": PARTLY if closed else NOT_ASSESSED, "limits": limits if closed else "", "remedy": remedy}
    if not closed:
        return {**entry, "state": NOT_ASSESSED}
    return {**entry, "state": PARTLY, "limits": _UNKNOWN, "remedy": _CONTRIBUTE}


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
