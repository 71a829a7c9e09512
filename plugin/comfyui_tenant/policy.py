"""Which routes users may call: those known to be safe, and those that the setting allowRoutes opens. Pure.

The decision is based on the pattern that aiohttp matched, not on the text of the path, so no spelling of a path bypasses it.
"""

from __future__ import annotations

from collections.abc import Iterable

OPEN, EMPTY, OPERATORS, CLOSED = "open", "empty", "operators", "closed"

# Isolated by the wrapped functions, or facts about the installation that are the same for all users.
_OPEN = (
    "GET /",
    "GET /ws",
    "GET /embeddings",
    "GET /models",
    "GET /models/{folder}",
    "GET /experiment/models",
    "GET /experiment/models/{folder}",
    "GET /experiment/models/preview/{folder}/{path_index}/{filename}",
    "GET /extensions",
    "GET /view",
    "GET /view_metadata/{folder_name}",
    "GET /system_stats",
    "GET /features",
    "GET /prompt",
    "POST /prompt",
    "GET /object_info",
    "GET /object_info/{node_class}",
    "GET /history",
    "POST /history",
    "GET /history/{prompt_id}",
    "GET /queue",
    "POST /queue",
    "GET /jobs",
    "GET /jobs/{job_id}",
    "POST /jobs/{job_id}/cancel",
    "POST /jobs/cancel",
    "POST /interrupt",
    "POST /upload/image",
    "POST /upload/mask",
    "GET /settings",
    "GET /settings/{id}",
    "POST /settings",
    "POST /settings/{id}",
    "GET /users",
    "GET /userdata",
    "GET /v2/userdata",
    "GET /userdata/{file}",
    "POST /userdata/{file}",
    "DELETE /userdata/{file}",
    "POST /userdata/{file}/move/{dest}",
    "GET /global_subgraphs",
    "GET /global_subgraphs/{id}",
    "GET /node_replacements",
    "GET /workflow_templates",
    "GET /i18n",
    "GET /internal/files/{directory_type}",
    "GET /templates",
    "GET /templates/{path}",
    "GET /docs",
    "GET /extensions/*",
    "GET /workflow_templates/*",
    "GET /_tenant/*",
    "DELETE /_tenant/files",
    "DELETE /_tenant/me",
    "POST /_tenant/models/{kind}/{name}",
    "POST /_tenant/restart",
)
# The web UI shows an error if these are denied, so they get an empty response: see empty_answers.py.
_EMPTY = (
    *("GET /internal/logs", "GET /internal/logs/raw", "PATCH /internal/logs/subscribe"),
    *("GET /agent/threads", "GET /agent/skills", "GET /secrets", "GET /secrets/providers", "GET /jobs/{job_id}/assets"),
)
_OPERATORS = ("POST /free",)
_TABLE = {
    **dict.fromkeys(_OPEN, OPEN),
    **dict.fromkeys(_EMPTY, EMPTY),
    **dict.fromkeys(_OPERATORS, OPERATORS),
}
_WILD = tuple(line for line in _TABLE if line.endswith("*"))
# Below these, ComfyUI serves folders of node packs; any other route there is one of a node pack.
_FOLDERS = ("GET /extensions/*", "GET /workflow_templates/*")
# Never opened by a profile of a node pack.
_CORE = (
    *("/internal/", "/_tenant/", "/userdata", "/users", "/assets", "/tags", "/ws"),
    *("/workflows", "/agent", "/secrets", "/billing", "/deploy"),
)
# Routes that nothing opens, and why.
_NEVER = {
    **dict.fromkeys(("/agent", "/workflows"), "ComfyUI's agent trusts every local caller and has one session for all users"),
    **dict.fromkeys(("/assets", "/tags"), "one database of all users' files"),
    "/secrets": "one store of secrets for all users",
    **dict.fromkeys(("/billing", "/deploy"), "one account for all users"),
    **dict.fromkeys(("/internal/logs", "/internal/terminal"), "logs contain all users' prompts and errors"),
}


def core_of(canonical: str) -> str:
    """The pattern without the prefix `/api`; ComfyUI registers every route with and without it."""
    while canonical.startswith("/api/"):
        canonical = canonical[4:]
    return canonical or "/"


def asked_for(method: str, canonical: str) -> str:
    """A route as settings and profiles name it: `GET /queue`."""
    return ("GET" if method == "HEAD" else method) + " " + core_of(canonical)


def access_to(method: str, canonical: str, allowed: Iterable[str] = (), folder: bool = False) -> str:
    """The access to a route: OPEN, EMPTY, OPERATORS or CLOSED.

    @param allowed the setting allowRoutes
    @param folder whether the route serves a folder of files
    """
    asked = asked_for(method, canonical)
    access = _TABLE.get(asked)
    if access is None:
        wild = (line for line in _WILD if folder or line not in _FOLDERS)
        access = next((_TABLE[line] for line in wild if asked.startswith(line[:-1])), CLOSED)
    if access is CLOSED and is_allowed(asked, allowed):
        return OPEN
    return access


def is_allowed(asked: str, allowed: Iterable[str]) -> bool:
    """Whether the setting allowRoutes opens a route."""
    return why_never(asked) is None and any(matches(asked, line) for line in allowed)


def why_never(asked: str) -> str | None:
    """Why nothing opens a route, or None."""
    path = asked.partition(" ")[2]
    return next((why for closed, why in _NEVER.items() if path == closed or path.startswith(f"{closed}/")), None)


def is_core(method: str, path: str) -> bool:
    """Whether a route is ComfyUI's or the plugin's."""
    return access_to(method, path, folder=True) is not CLOSED or path.startswith(_CORE) or f"GET {path}" in _TABLE


def matches(asked: str, line: str) -> bool:
    """Whether a line such as `GET /x`, `/x` or `/x/*` names a route; only a `*` at the end is special."""
    wanted = line if " " in line else "* " + line
    method, _, path = wanted.partition(" ")
    own_method, _, own_path = asked.partition(" ")
    if method not in ("*", own_method) or not path.startswith("/"):
        return False
    path = core_of(path)
    return own_path.startswith(path[:-1]) if path.endswith("*") else own_path == path
