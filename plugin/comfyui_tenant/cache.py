"""Cached results and node instances are never shared between users. Models that are loaded by name alone are."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from . import context
from .comfyui import CacheKeySet, Function, Json
from .hooks import Hook, wrap
from .own_models import names_own

HOOKS = (
    Hook("comfy_execution.caching", "CacheKeySetID.add_keys", ("self", "node_ids")),
    Hook("comfy_execution.caching", "CacheKeySetInputSignature.add_keys", ("self", "node_ids")),
)
# Nodes that read a model which every user may load, and keep no user data: a big model is in memory only once.
SHARED_LOADERS = frozenset(
    (
        "CheckpointLoaderSimple",
        "CLIPLoader",
        "CLIPVisionLoader",
        "ControlNetLoader",
        "DualCLIPLoader",
        "QuadrupleCLIPLoader",
        "StyleModelLoader",
        "TripleCLIPLoader",
        "UNETLoader",
        "UpscaleModelLoader",
        "VAELoader",
    )
)


def install(more_shared: Collection[str]) -> None:
    from comfy_execution import caching

    shared = SHARED_LOADERS.union(more_shared)
    for keys in (caching.CacheKeySetID, caching.CacheKeySetInputSignature):
        wrap(keys, "add_keys", lambda original: _salted(original, shared))


def _salted(original: Function, shared: Collection[str]) -> Function:
    """ComfyUI caches by the content of the graph. Changed: the user is part of each key. ComfyUI 0.3.75 and newer."""

    async def add_keys(self: CacheKeySet, node_ids: Iterable[str]) -> None:
        known = set(self.keys)
        await original(self, node_ids)
        tenant = context.current()
        if tenant is None:
            raise PermissionError("a prompt is running without a user")
        for node_id in self.keys.keys() - known:
            node = self.dynprompt.get_node(node_id)
            if not is_shared(node, shared) or names_own(tenant, node["inputs"].values()):
                self.keys[node_id] = (tenant.directory, self.keys[node_id])
                self.subcache_keys[node_id] = (tenant.directory, self.subcache_keys[node_id])

    return add_keys


def is_shared(node: Json, shared: Collection[str]) -> bool:
    """Whether a node's result may be used for all users: a known loader with no input from another node."""
    return node["class_type"] in shared and not any(isinstance(value, list) for value in node["inputs"].values())
