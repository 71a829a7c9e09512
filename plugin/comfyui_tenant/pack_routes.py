"""Decides about each route: ComfyUI's by policy.py, those of packs by their profiles and the setting allowRoutes.

A profile opens only routes that are served by the code of its pack. It closes its routes for all code, and the setting
does not open them.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import policy
from .pack_globals import PackGlobals
from .packs import Pack, pack_of_handler, pack_of_path
from .profile import Profile, Rule
from .profile_errors import EMPTY, VIEW
from .profiles import ProfiledPack
from .refused_nodes import refused_nodes
from .sandbox_policy import is_under
from .static_files import StaticFolder, may_serve


@dataclass(frozen=True)
class Decision:
    """`access` is that of policy.py. `rule` is the profile's, `static` the folder that a static route serves."""

    access: str
    rule: Rule | None = None
    pack: str | None = None
    static: StaticFolder | None = None


class PackRoutes:
    """Remembers the decision about each route; routes do not change after the start."""

    def __init__(
        self,
        packs: Iterable[ProfiledPack],
        profiles: Iterable[Profile],
        allowed: tuple[str, ...],
        private: Callable[[], Iterable[str]],
        errors: Iterable[str] = (),
    ):
        """@param errors those of profiles, for the operator: invalid ones, and settings that they refuse"""
        self.errors = list(errors)
        self.packs = list(packs)
        self.profiles = list(profiles)
        self.globals = PackGlobals()
        self.nodes = refused_nodes(self.profiles)
        self._allowed, self._private = allowed, private
        self._known: dict[web.AbstractRoute, Decision] = {}
        self._started = float("inf")
        covered = [found.profile for found in self.packs if found.profile is not None and found.covered]
        self.events = frozenset(event for each in covered for event in each.events)

    def decide(self, route: web.AbstractRoute, method: str, canonical: str) -> Decision:
        """The decision about a route. @param method the request's; routes can be for all of them"""
        found = self._known.get(route)
        if found is None or route.method == "*":
            found = self._known[route] = self._decide(route, method, canonical)
        return found

    def _decide(self, route: web.AbstractRoute, method: str, canonical: str) -> Decision:
        if method == "OPTIONS":
            return Decision(policy.CLOSED)
        asked, static = policy.asked_for(method, canonical), isinstance(route.resource, web.StaticResource)
        access = policy.access_to(method, canonical, folder=static)
        if access is not policy.CLOSED:
            folder = self._trusted_folder(route.resource) if static else None
            return Decision(policy.CLOSED if static and folder is None else access, static=folder)
        return self._of_pack(route, asked)

    def _of_pack(self, route: web.AbstractRoute, asked: str) -> Decision:
        if isinstance(route.resource, web.StaticResource):
            place = os.path.realpath(str(route.resource.get_info()["directory"]))
            pack = pack_of_path(place, self._packs())
        else:
            place, pack = "", pack_of_handler(route.handler, self._packs())
        name = None if pack is None else pack.name
        rule = self._rule_of(pack, asked)
        if rule is not None and not place:
            return Decision(policy.OPEN, rule, name)
        closed = self.closed_by(asked)
        if closed is not None:
            return Decision(policy.CLOSED, closed, name)
        # Not the folder of the pack itself, which holds its configuration.
        own = pack is not None and place not in ("", pack.folder)
        allowed = policy.is_allowed(asked, self._allowed)
        if place and (own or allowed) and not self._contains_private(place):
            return Decision(policy.OPEN, pack=name, static=StaticFolder(place, strict=not allowed))
        return Decision(policy.OPEN if allowed and not place else policy.CLOSED, pack=name)

    def closed_by(self, asked: str) -> Rule | None:
        """The rule of any profile that keeps a route closed."""
        return next((rule for each in self.profiles for rule in each.closed if policy.matches(asked, rule.line)), None)

    def _rule_of(self, pack: Pack | None, asked: str) -> Rule | None:
        for found in self.packs:
            if found.pack == pack and found.profile is not None and found.covered:
                return found.profile.rules.get(asked)
        return None

    def _packs(self) -> list[Pack]:
        return [found.pack for found in self.packs]

    def _trusted_folder(self, resource: Any) -> StaticFolder | None:
        """The folder of a static route that ComfyUI added; None if it contains users' files."""
        place = os.path.realpath(str(resource.get_info()["directory"]))
        return None if self._contains_private(place) else StaticFolder(place, strict=False)

    def _contains_private(self, place: str) -> bool:
        private = map(os.path.realpath, self._private())
        return any(is_under(place, other) or is_under(other, place) for other in private)

    async def packs_loaded(self, _app: web.Application) -> None:
        """Files of packs that change later are not served."""
        self._started = time.time()
        self.errors += self.globals.separate(self.packs)

    def may_serve(self, place: StaticFolder, name: str) -> bool:
        return may_serve(place, name, self._started)


def only_listed(request: web.Request, rule: Rule) -> web.Request:
    """The request with those query parameters that the rule lists and that match; a profile was assessed with these only."""
    query = request.rel_url.query.items()
    kept = [(name, value) for name, value in query if name in rule.query and re.fullmatch(rule.query[name], value)]
    return request.clone(rel_url=request.rel_url.with_query(kept))


def view_of(request: web.Request, rule: Rule) -> web.Response:
    """Redirects to ComfyUI's `/view`, which serves only the user's own files."""
    query = {name: value for name, value in request.rel_url.query.items() if name in ("filename", "type", "subfolder")}
    prefix = request.rel_url.path.removesuffix(rule.line.partition(" ")[2])
    # One slash at the start: two would name another host.
    target = request.rel_url.with_path("/" + prefix.strip("/") + "/view" if prefix.strip("/") else "/view").with_query(query)
    return web.Response(status=302, headers={"Location": str(target), "Cache-Control": "no-store"})


def answer_of(request: web.Request, rule: Rule) -> web.Response | None:
    """The response that a rule gives instead of the pack's; None if it opens the route."""
    if rule.kind == VIEW:
        return view_of(request, rule)
    return web.json_response(rule.body) if rule.kind == EMPTY else None


def refused_lines(profiles: Iterable[Profile], allowed: Iterable[str]) -> list[str]:
    """Logs the lines of allowRoutes that name a route which a profile closes: they have no effect on it."""
    found, profiles = [], list(profiles)
    for line in allowed:
        for each in profiles:
            for rule in each.closed:
                if _overlap(line, rule.line):
                    found.append(f"allowRoutes: {line} does not open {rule.line} of {each.pack}: {rule.reason}")
    for text in found:
        logging.warning("comfy-tenant: %s", text)
    return found


def _overlap(line: str, closed: str) -> bool:
    one, other = (text if " " in text else "* " + text for text in (line, closed))
    (method, _, path), (other_method, _, other_path) = one.partition(" "), other.partition(" ")
    path = policy.core_of(path)
    if "*" not in (method, other_method) and method != other_method:
        return False
    if path.endswith("*"):
        return other_path.rstrip("*").startswith(path[:-1]) or other_path.endswith("*") and path.startswith(other_path[:-1])
    return other_path == path or other_path.endswith("*") and path.startswith(other_path[:-1])
