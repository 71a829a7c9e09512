"""Which routes users may call: the ones known to be safe, and those that the setting allowRoutes opens. Pure.

A route is judged by the pattern under which the chosen function is registered, not by the text of the path, so that no
spelling of a path leads around the judgement.
"""

from __future__ import annotations

from collections.abc import Iterable

OPEN, EMPTY, OPERATORS, CLOSED = "open", "empty", "operators", "closed"

# Per user by the wrapped functions, or the same facts of the installation for all.
_OPEN = [
    "",
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
    "POST /_tenant/restart",
    "",
]
# The web UI asks for them and shows an error when they are refused: an answer without content in the right shape.
_EMPTY = ("GET /internal/logs", "GET /internal/logs/raw", "PATCH /internal/logs/subscribe")
_OPERATORS = ("POST /free",)
_TABLE = {
    **{line: OPEN for line in _OPEN if line},
    **dict.fromkeys(_EMPTY, EMPTY),
    **dict.fromkeys(_OPERATORS, OPERATORS),
}
_WILD = tuple((line, verdict) for line, verdict in _TABLE.items() if line.endswith("*"))


def core_of(canonical: str) -> str:
    """The pattern without the prefix `/api`, under which ComfyUI registers every route a second time."""
    while canonical.startswith("/api/"):
        canonical = canonical[4:]
    return canonical or "/"


def judge(method: str, canonical: str, allowed: Iterable[str] = ()) -> str:
    """What becomes of a request for the route with this pattern."""
    asked = ("GET" if method == "HEAD" else method) + " " + core_of(canonical)
    verdict = _TABLE.get(asked)
    if verdict is None:
        verdict = next((found for line, found in _WILD if asked.startswith(line[:-1])), CLOSED)
    if verdict is CLOSED and any(_fits(asked, line) for line in allowed):
        return OPEN
    return verdict


def _fits(asked: str, line: str) -> bool:
    # Every character stands for itself, but for a "*" at the end.
    wanted = line if " " in line else "* " + line
    method, _, path = wanted.partition(" ")
    own_method, _, own_path = asked.partition(" ")
    if method not in ("*", own_method) or not path.startswith("/"):
        return False
    path = core_of(path)
    return own_path.startswith(path[:-1]) if path.endswith("*") else own_path == path
